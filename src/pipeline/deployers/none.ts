import type { Deployer } from '../../domain/ports.js';

/** For scenarios whose `deploy` is `none`: the pipeline has no deploy step, so nobody calls it. */
export function noDeployer(): Deployer {
  return { deploy: () => Promise.resolve() };
}
