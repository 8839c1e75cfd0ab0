export * from '../../src/testing/sources.js';
