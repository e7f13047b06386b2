#!/usr/bin/env node
import { processIo } from './cli/process-io.js';
import { main } from './cli/program.js';

// Everything that is not a verdict ends in `main`; setting the code lets pending output drain before the process ends.
process.exitCode = await main(process.argv.slice(2), processIo());
