import { outcomesOf, type TlsCall } from './tlsOutcomes.js';

/** Prints the outcomes of calls; the variables of its environment are read when it starts. */
console.log(JSON.stringify(await outcomesOf(JSON.parse(process.argv[2] ?? '[]') as TlsCall[])));
