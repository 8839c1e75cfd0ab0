/** `rareflow/report`: the page that shows what a finished run made. */
export { makeReport, type Report, type ReportOptions, type Unreadable } from './makeReport.js';
