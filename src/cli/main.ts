#!/usr/bin/env node
import { runProgram } from './program.js';

// A reader that has left (EPIPE) is reported by the write that fails, not by an event that nobody hears.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

process.exitCode = await runProgram(process.argv.slice(2));
// A read of stdin that is still pending would keep the process alive.
process.stdin.destroy();
