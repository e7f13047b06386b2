/** The CI servers whose own way of showing results is used. */
export type CiName = 'github' | 'gitlab' | 'jenkins' | 'gocd';

export type CiEnv = Readonly<Record<string, string | undefined>>;

/** A variable that is set and not empty. */
export const setIn = (env: CiEnv, name: string): string | null => {
  const value = env[name];
  return value === undefined || value === '' ? null : value;
};

/**
 * Which CI server started this process, from the variables each documents; null for a person's shell. GoCD and Jenkins
 * come first: their agents may themselves run where GitHub's or GitLab's variables leak in.
 */
export function detectCi(env: CiEnv): CiName | null {
  if (setIn(env, 'GO_PIPELINE_NAME') !== null && setIn(env, 'GO_SERVER_URL') !== null) return 'gocd';
  if (setIn(env, 'JENKINS_URL') !== null && setIn(env, 'BUILD_NUMBER') !== null) return 'jenkins';
  if (env.GITHUB_ACTIONS === 'true') return 'github';
  if (env.GITLAB_CI === 'true') return 'gitlab';
  return null;
}
