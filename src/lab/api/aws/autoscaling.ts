import type { ActionTable } from '../action.js';

/** Auto Scaling as tools for load balancers ask it: no instance of the lab is in a group. */
export const AUTOSCALING_ACTIONS: ActionTable = {
  DescribeAutoScalingInstances: { changes: false, run: () => ({ AutoScalingInstances: [] }) },
  DescribeAutoScalingGroups: { changes: false, run: () => ({ AutoScalingGroups: [] }) },
};
