import { spawnSync } from 'node:child_process';

/** Machines of a test: network namespaces behind one bridge, or this machine's loopback where they are not permitted. */
export interface TestMachines {
  readonly isolated: boolean;
  /** Where a service listens that all of them reach. */
  readonly hostAddress: string;
  /** argv words before a program that is to run on machine `i`. */
  readonly prefix: (i: number) => readonly string[];
  /** Address of machine `i`. */
  readonly address: (i: number) => string;
  remove(): void;
}

const BRIDGE = 'rpfleet0';
const name = (i: number) => `rpfleet-${i}`;

function ip(...argv: string[]): boolean {
  return spawnSync('ip', argv, { stdio: 'ignore' }).status === 0;
}

/** `count` machines. Says loudly when they are not isolated; ROLLPROOF_REQUIRE_TOOLS does not demand it: CI may not permit it. */
export function testMachines(count: number): TestMachines {
  const remove = () => {
    for (let i = 0; i < count; i++) ip('netns', 'del', name(i));
    ip('link', 'del', BRIDGE);
  };
  remove();
  const made =
    ip('link', 'add', BRIDGE, 'type', 'bridge') &&
    ip('addr', 'add', '10.97.213.1/24', 'dev', BRIDGE) &&
    ip('link', 'set', BRIDGE, 'up') &&
    Array.from({ length: count }, (_, i) => machine(i)).every((ok) => ok);
  if (made)
    return {
      isolated: true,
      hostAddress: '10.97.213.1',
      prefix: (i) => ['ip', 'netns', 'exec', name(i)],
      address: (i) => `10.97.213.${10 + i}`,
      remove,
    };
  remove();
  process.stderr.write(
    'NOT ISOLATED: network namespaces are not permitted here; the generators share this machine’s loopback\n',
  );
  return {
    isolated: false,
    hostAddress: '127.0.0.1',
    prefix: () => [],
    address: () => '127.0.0.1',
    remove: () => undefined,
  };
}

function machine(i: number): boolean {
  const [outside, inside] = [`rpfleet-o${i}`, `rpfleet-i${i}`];
  return (
    ip('netns', 'add', name(i)) &&
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside) &&
    ip('link', 'set', inside, 'netns', name(i)) &&
    ip('link', 'set', outside, 'master', BRIDGE) &&
    ip('link', 'set', outside, 'up') &&
    ip('-n', name(i), 'addr', 'add', `10.97.213.${10 + i}/24`, 'dev', inside) &&
    ip('-n', name(i), 'link', 'set', inside, 'up') &&
    ip('-n', name(i), 'link', 'set', 'lo', 'up')
  );
}
