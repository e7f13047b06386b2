import type { EnvironmentModel, PipelineModel } from './pipeline-model.js';
import { groovyText, shellLine } from './quoting.js';

/** A declarative Jenkinsfile: a stage per environment on one node, from the second on behind a person. */
export function jenkinsfile(model: PipelineModel): string {
  const stages = model.environments.map((environment, index) => stage(environment, index));
  return `// Written by rollproof ${model.toolVersion} export jenkins. What else to set: docs/pipelines.md
pipeline {
  agent none
  options {
    disableConcurrentBuilds()
  }
  stages {
${stages.join('')}  }
}
`;
}

function stage({ name, plan, region, maxMinutes, requires }: EnvironmentModel, index: number): string {
  const needsPass = requires !== null && index > 0;
  const run = ['rollproof', 'run', plan, '--yes', ...(needsPass ? ['--pass', 'required/pass.json'] : [])];
  const input = `    stage(${groovyText(`approve ${name}`)}) {
      steps {
        input message: ${groovyText(`Roll ${name}?`)}
      }
    }
`;
  return `${index === 0 ? '' : input}    stage(${groovyText(name)}) {
      agent { label 'rollproof' }
      options { timeout(time: ${maxMinutes}, unit: 'MINUTES') }
${region === null ? '' : `      environment { AWS_REGION = ${groovyText(region)} }\n`}      steps {
        sh 'rm -rf reports rollproof-out required'
${needsPass ? "        dir('required') { unstash 'rollproof' }\n" : ''}        sh ${groovyText(shellLine(run))}
      }
      post {
        unsuccessful {
          sh 'rollproof recover --wait'
        }
        always {
          sh 'rollproof report --copy-to rollproof-out || true'
          archiveArtifacts artifacts: 'rollproof-out/**', allowEmptyArchive: true
          junit testResults: 'rollproof-out/junit.xml', allowEmptyResults: true
          dir('rollproof-out') { stash name: 'rollproof', includes: 'pass.json,result.json', allowEmpty: true }
        }
      }
    }
`;
}
