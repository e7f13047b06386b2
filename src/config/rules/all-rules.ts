import { H2_RULES } from './h2.js';
import { LAB_RULES } from './lab.js';
import { PACE_RULES } from './pace.js';
import { POLICY_RULES } from './policy.js';
import { REQUEST_RULES } from './requests.js';
import { ROLLOUT_RULES } from './rollout.js';
import type { Rule } from './rule.js';
import { SERVICE_RULES } from './service.js';
import { STAGE_RULES } from './stages.js';
import { TARGET_RULES } from './targets.js';
import { TRAFFIC_RULES } from './traffic.js';

/** Every cross-field rule, in the order of the file. */
export const RULES: readonly Rule[] = [
  ...SERVICE_RULES,
  ...REQUEST_RULES,
  ...LAB_RULES,
  ...TARGET_RULES,
  ...ROLLOUT_RULES,
  ...STAGE_RULES,
  ...TRAFFIC_RULES,
  ...H2_RULES,
  ...PACE_RULES,
  ...POLICY_RULES,
];
