import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A Python environment with boto3, awscli and ansible; `.ci/run` makes it. */
const VENV = process.env.ROLLPROOF_AWS_TOOLS ?? join(homedir(), '.cache', 'rollproof-aws-tools');

/** Null when AWS's other clients may be used; else what to say. With ROLLPROOF_REQUIRE_TOOLS=1 absent ones are an error. */
export function awsToolsMissing(): string | null {
  const missing = ['python3', 'aws', 'ansible-playbook'].filter((name) => !existsSync(awsTool(name)));
  if (missing.length === 0) return null;
  const words =
    `${missing.join(', ')} not in ${VENV}/bin: the lab was NOT tried with boto3, the AWS CLI and Ansible. ` +
    'Install boto3, awscli and ansible into a venv there, or set ROLLPROOF_AWS_TOOLS.';
  if (process.env.ROLLPROOF_REQUIRE_TOOLS === '1') throw new Error(words);
  return words;
}

/** The path of one of the environment's programs. */
export function awsTool(name: string): string {
  return join(VENV, 'bin', name);
}
