/** `count` zone names of a region. */
export function zonesOf(region: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${region}${String.fromCharCode(97 + index)}`);
}

/** The lab's subnet in a zone: one each. */
export function subnetOf(region: string, zone: string): string {
  return `subnet-1ab0000${zone.slice(region.length)}`;
}

/** The zone of one of the lab's subnets; undefined for any other. */
export function zoneOfSubnet(region: string, zones: readonly string[], subnet: string): string | undefined {
  return zones.find((zone) => subnetOf(region, zone) === subnet);
}
