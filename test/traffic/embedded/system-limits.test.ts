import { describe, expect, it } from 'vitest';
import { limitsReader, linuxFiles, type SystemFiles } from '../../../src/traffic/embedded/system-limits.js';

const FILES: Readonly<Record<string, string>> = {
  '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
  '/proc/self/limits':
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max processes             63432                63432                processes \n' +
    'Max open files            1024                 524288               files     \n',
  '/proc/net/sockstat':
    'sockets: used 310\nTCP: inuse 40 orphan 2 tw 600 alloc 44 mem 3\nUDP: inuse 9 mem 1\nFRAG: inuse 0 memory 0\n',
  '/proc/net/sockstat6': 'TCP6: inuse 7\nUDP6: inuse 3\n',
};

function system(files: Readonly<Record<string, string>>, openFiles: () => number = () => 52): SystemFiles {
  return {
    text: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT ${path}`);
      return text;
    },
    openFiles,
  };
}

function without(path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(FILES).filter(([name]) => name !== path));
}

describe('limitsReader', () => {
  it('counts sockets of both families and those in TIME_WAIT, and the soft limit of files', () => {
    expect(limitsReader(system(FILES))()).toEqual({
      ports: { inUse: 647, limit: 28_232 },
      files: { inUse: 52, limit: 1024 },
    });
  });

  it('does without IPv6', () => {
    expect(limitsReader(system(without('/proc/net/sockstat6')))().ports).toEqual({ inUse: 640, limit: 28_232 });
  });

  it('says that it does not know where the system does not tell, each by itself', () => {
    expect(limitsReader(system({}))()).toEqual({ ports: null, files: null });
    expect(limitsReader(system(without('/proc/net/sockstat')))()).toMatchObject({ ports: null, files: { inUse: 52 } });
    expect(limitsReader(system(without('/proc/self/limits')))()).toMatchObject({ ports: { inUse: 647 }, files: null });
    const hidden = limitsReader(
      system(FILES, () => {
        throw new Error('EACCES');
      }),
    );
    expect(hidden().files).toBeNull();
    const unlimited = { ...FILES, '/proc/self/limits': 'Max open files            unlimited            unlimited\n' };
    expect(limitsReader(system(unlimited))().files).toBeNull();
    expect(limitsReader(system({ ...FILES, '/proc/net/sockstat': 'TCP: none\n' }))().ports).toBeNull();
  });

  it.runIf(process.platform === 'linux')('reads what Linux says', () => {
    const { ports, files } = limitsReader(linuxFiles)();
    expect(ports?.limit).toBeGreaterThan(0);
    expect(files?.inUse).toBeGreaterThan(2);
    expect(files?.limit).toBeGreaterThanOrEqual(files?.inUse ?? Number.NaN);
  });
});
