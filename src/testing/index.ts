/** `rareflow/testing`: a stand-in for a model server, and the tests that every operator on records passes. */
export {
  type FaultName,
  type FaultRates,
  faultNames,
  passingFaults,
  spreadOver,
} from '../standIn/faults/faults.js';
export type { Ledger, LedgerCall, LedgerSums } from '../standIn/http/ledger.js';
export { type StandIn, type StandInOptions, startStandIn } from '../standIn/http/server.js';
export { type ProfileName, profileNames } from '../standIn/profiles/serverProfiles.js';
export { type ContractSubject, operatorContract } from './operatorContract.js';
export { collect, type WatchedOptions, type WatchedSource, watched } from './sources.js';
