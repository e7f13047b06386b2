import type { Account } from '../../elb/account.js';
import type { LabInstance } from '../../elb/balancer-record.js';
import { ACCOUNT_ID, LAB_VPC } from '../../elb/v2/v2-account.js';
import { subnetOf } from '../../elb/zones.js';
import type { ActionTable } from '../action.js';
import { ApiError } from '../api-error.js';
import type { QueryParams } from '../query.js';
import type { XmlFields } from '../xml.js';

/** The little of EC2 that tools for load balancers ask on their way: what and where the lab's instances are. */
export const EC2_ACTIONS: ActionTable = {
  DescribeInstances: {
    changes: false,
    run: (params, account) => {
      const asked = numbered(params, 'InstanceId.');
      const filters = filtersOf(params);
      for (const id of asked) if (!account.instances.has(id)) throw instanceNotFound(id);
      const wanted = [...account.instances.values()]
        .filter(({ instanceId }) => asked.length === 0 || asked.includes(instanceId))
        .filter((instance) => filters.every(({ name, values }) => values.includes(FILTERS[name]!(instance))));
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

const FILTERS: Readonly<Record<string, (instance: LabInstance) => string>> = {
  'instance-id': ({ instanceId }) => instanceId,
  'availability-zone': ({ zone }) => zone,
  'instance-state-name': () => 'running',
  'vpc-id': () => LAB_VPC,
};

function filtersOf(params: QueryParams): readonly { readonly name: string; readonly values: readonly string[] }[] {
  const filters: { name: string; values: readonly string[] }[] = [];
  for (let index = 1; params.has(`Filter.${index}.Name`); index++) {
    const name = params.get(`Filter.${index}.Name`) ?? '';
    if (!Object.hasOwn(FILTERS, name)) {
      throw new ApiError('InvalidParameterValue', `The filter '${name}' is invalid`);
    }
    filters.push({ name, values: numbered(params, `Filter.${index}.Value.`) });
  }
  return filters;
}

/** EC2's lists are `Name.1`, `Name.2`, … without `member`. */
function numbered(params: QueryParams, prefix: string): readonly string[] {
  return [...params]
    .filter(([key]) => key.startsWith(prefix) && /^\d{1,9}$/.test(key.slice(prefix.length)))
    .map(([, value]) => value);
}

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
