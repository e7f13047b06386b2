import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A mutant that takes this much longer than the source as it is never ends: that is noticed. */
const HANG_FACTOR = 5;
const HANG_FLOOR_MS = 20_000;
const UNTOUCHED_MAX_MS = 600_000;

/** The process the tests run in; started again after a mutant that never ended. */
export class Runner {
  constructor(root) {
    this.root = root;
    this.untouchedMs = new Map();
  }

  /** Whether the tests pass without any mutant; how long that takes bounds how long a mutant may take. */
  async passesUntouched(tests) {
    const began = performance.now();
    const { survived } = await this.run({ file: null, mutant: null, tests });
    this.untouchedMs.set(tests.join(), performance.now() - began);
    return survived;
  }

  /** `stages`: test files that must all fail to notice it, the quick ones first. */
  async fate(file, mutant, stages) {
    for (const tests of stages) {
      const { survived, hung } = await this.run({ file, mutant, tests });
      if (hung) return 'hung';
      if (!survived) return 'killed';
    }
    return 'survived';
  }

  async run(message) {
    this.child ??= await this.start();
    const { child } = this;
    const untouchedMs = this.untouchedMs.get(message.tests.join());
    const limitMs = untouchedMs === undefined ? UNTOUCHED_MAX_MS : HANG_FLOOR_MS + HANG_FACTOR * untouchedMs;
    return new Promise((settle, fail) => {
      const timer = setTimeout(() => {
        this.end();
        settle({ survived: false, hung: true });
      }, limitMs);
      child.once('message', (answer) => {
        clearTimeout(timer);
        child.removeAllListeners('exit');
        settle({ ...answer, hung: false });
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        if (this.child === child) fail(new Error(`the test process ended with ${code}`));
      });
      child.send({ ...message, tests: message.tests.map((test) => join(this.root, test)) });
    });
  }

  start() {
    const child = fork(fileURLToPath(new URL('./worker.mjs', import.meta.url)), [this.root], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return new Promise((settle, fail) => {
      child.once('message', () => {
        child.removeAllListeners('exit');
        settle(child);
      });
      child.once('exit', (code) => fail(new Error(`the test process did not start: ${code}`)));
    });
  }

  end() {
    const { child } = this;
    this.child = undefined;
    child?.kill('SIGKILL');
  }
}
