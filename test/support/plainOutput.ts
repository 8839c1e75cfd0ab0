// On a terminal node:test tells its files to colour their output; what a test reads of a command is as a pipe gets it.
if (process.env.NODE_TEST_CONTEXT !== undefined) delete process.env.FORCE_COLOR;
