/** The openai client. The build bundles this module with it, so that an install does not hold its 2,700 files. */
export { OpenAI, toFile } from 'openai';
