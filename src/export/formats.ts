import type { Format } from './format.js';
import type { FormatName } from './formatNames.js';
import { retrieverFormats } from './retrieverFormats.js';
import { writerFormats } from './writerFormats.js';

/** All formats of one table of rows, by name. */
export const formats: Record<FormatName, Format> = { ...writerFormats, ...retrieverFormats };
