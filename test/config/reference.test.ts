import { expect, it } from 'vitest';
import { scenarioReference } from '../../src/config/reference.js';

// After a change: npx vitest run test/config/reference.test.ts -u
it('docs/scenario.md is what the schema says', async () => {
  await expect(scenarioReference()).toMatchFileSnapshot('../../docs/scenario.md');
});
