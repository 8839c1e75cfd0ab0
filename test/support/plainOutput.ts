// On a terminal node:test makes its files colour their output; this way a test reads the output of a command as a pipe gets it.
if (process.env.NODE_TEST_CONTEXT !== undefined) delete process.env.FORCE_COLOR;
