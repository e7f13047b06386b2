import type { Account } from '../../elb/account.js';
import type { LabInstance } from '../../elb/balancer-record.js';
import { ACCOUNT_ID, LAB_VPC } from '../../elb/v2/v2-account.js';
import { subnetOf } from '../../elb/zones.js';
import type { ActionTable } from '../action.js';
import { ApiError } from '../api-error.js';
import type { XmlFields } from '../xml.js';
import { type Filters, filtered, numbered } from './filters.js';
import { networkInterfaces } from './network-interfaces.js';

/** The little of EC2 that tools for load balancers ask on their way: what and where the lab's instances are. */
export const EC2_ACTIONS: ActionTable = {
  DescribeInstances: {
    changes: false,
    run: (params, account) => {
      const asked = numbered(params, 'InstanceId.');
      for (const id of asked) if (!account.instances.has(id)) throw instanceNotFound(id);
      const named = [...account.instances.values()].filter(
        ({ instanceId }) => asked.length === 0 || asked.includes(instanceId),
      );
      const wanted = filtered(params, named, INSTANCE_FILTERS);
      return {
        reservationSet: wanted.map((instance) => ({
          reservationId: `r-${instance.instanceId.replace(/^i-/, '')}`,
          ownerId: ACCOUNT_ID,
          groupSet: [],
          instancesSet: [instanceXml(instance, account)],
        })),
      };
    },
  },
  DescribeNetworkInterfaces: {
    changes: false,
    run: (params, account) => ({ networkInterfaceSet: networkInterfaces(params, account) }),
  },
  DescribeAvailabilityZones: {
    changes: false,
    run: (_params, account) => ({
      availabilityZoneInfo: account.zones.map((zoneName) => ({
        zoneName,
        zoneState: 'available',
        regionName: account.options.region,
        messageSet: [],
      })),
    }),
  },
  DescribeSubnets: {
    changes: false,
    run: (params, account) => {
      const asked = numbered(params, 'SubnetId.');
      const subnets = account.zones.map((zone) => ({ zone, id: subnetOf(account.options.region, zone) }));
      const strange = asked.find((id) => !subnets.some((subnet) => subnet.id === id));
      if (strange !== undefined) {
        throw new ApiError('InvalidSubnetID.NotFound', `The subnet ID '${strange}' does not exist`);
      }
      return {
        subnetSet: subnets
          .filter(({ id }) => asked.length === 0 || asked.includes(id))
          .map(({ zone, id }) => ({ subnetId: id, state: 'available', vpcId: LAB_VPC, availabilityZone: zone })),
      };
    },
  },
};

const INSTANCE_FILTERS: Filters<LabInstance> = {
  'instance-id': ({ instanceId }) => instanceId,
  'availability-zone': ({ zone }) => zone,
  'instance-state-name': () => 'running',
  'vpc-id': () => LAB_VPC,
};

function instanceXml(instance: LabInstance, account: Account): XmlFields {
  const { host } = instance.address();
  const subnetId = subnetOf(account.options.region, instance.zone);
  return {
    instanceId: instance.instanceId,
    imageId: 'ami-1ab00000',
    instanceState: { code: 16, name: 'running' },
    instanceType: 't3.micro',
    placement: { availabilityZone: instance.zone, tenancy: 'default' },
    subnetId,
    vpcId: LAB_VPC,
    privateIpAddress: host,
    networkInterfaceSet: [
      {
        subnetId,
        vpcId: LAB_VPC,
        privateIpAddress: host,
        privateIpAddressesSet: [{ privateIpAddress: host, primary: true }],
      },
    ],
    groupSet: [],
    tagSet: [],
  };
}

function instanceNotFound(id: string): ApiError {
  return new ApiError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
}
