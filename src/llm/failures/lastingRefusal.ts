import type { AttemptError } from './attemptError.js';

/** A refusal that every call will meet until the user or a new day changes something. */
export interface LastingRefusal {
  problem: string;
  fix: string;
}

interface LastingKind extends LastingRefusal {
  /** Matches a whole `code` or `type` of the error. */
  code?: RegExp;
  message: RegExp;
}

/** A warning that something may happen is not a report that it has. */
const NOT_YET = '(?!.{0,40}\\b(?:may|might|could|can|will|would)\\b)';
const PERIOD =
  /\b(daily|monthly|weekly|per[ _-]?(day|month|week)|(a|each|every|this) (day|month|week)|RPD|TPD|today)\b|[每当本今][日天月]/i;
/** Google lists each limit that is used up by its id, such as `GenerateRequestsPerDayPerProjectPerModel-FreeTier`. */
const QUOTA_ID = /Per(Day|Month|Week)/;
const SHORT_PERIOD = /\bper[ _-]?(minute|min|second|sec|hour)\b|\b(RPM|TPM)\b/i;

const usedUpCredit: LastingKind = {
  problem: 'no credit or quota is left',
  fix: 'add credit at the provider, raise the limit of the key, or use another key',
  code: /^(insufficient_(user_)?(quota|balance|credits?|funds)|exceeded_current_quota_error|billing_\w+|(account_)?arrearage|account_?overdue\w*|budget_exceeded|exceeded_?(token_?)?budget|credits?_exhausted|account_(deactivated|suspended|disabled)|prepaidbilloverdue|allocationquota\.\w+|quota_exhausted|1113)$/i,
  message: new RegExp(
    [
      'insufficient[ _](account )?(balance|credit|quota|fund)',
      '(balance|credits?|funds|quota) (is|are|was|were|has been|have been) (already |all )?(not enough|insufficient|too low|exhausted|depleted|used up|negative|overdrawn)',
      'not enough (credits?|balance|funds|quota|money)',
      '\\b(used|consumed|exhausted|spent|(run|ran) out|out) (up )?(all )?(of )?(your |the |its )?(available |prepaid |remaining |free )?(credits?\\b|balance|funds)',
      'requires? more credits?|can only afford|(buy|purchase) (more )?credits? to continue',
      '(?<!thinking |reasoning )budget (has been |was |is )?(exceeded|exhausted|used up)',
      '(exceed(ed|s)?|over) (your |the |its )?(?!thinking|reasoning)(\\w+ )?budget',
      `\\baccount${NOT_YET}.{0,40}\\b(suspended|deactivated|disabled|overdue|arrears|blocked|frozen|terminated|closed|banned)\\b`,
      'not in good standing|is in good standing',
      '\\bfree (tier|quota|trial|credits?|plan)\\b.{0,60}\\b(exhausted|used up|ended|expired|is over)\\b',
      '\\b(trial|subscription|plan)\\b (has |have |is )?(already )?(expired|ended|lapsed)',
      '\\b(spend|spending|billing|credit|usage|key|hard)[ -]limits?\\b.{0,30}\\b(reached|exceeded|hit)\\b',
      '\\b(reached|exceeded|hit)\\b.{0,40}\\b(spend|spending|billing|credit|usage|hard)[ -]limits?\\b',
      '欠费|余额不足|余额已|额度不足|额度.{0,6}(用尽|用完|耗尽)|请充值|账[户号].{0,8}(冻结|停用|停机|封禁)',
    ].join('|'),
    'i',
  ),
};

const usedUpPeriod: LastingKind = {
  problem: 'the limit of a day, a week or a month is used up',
  fix: 'run again when it resets, raise the limit at the provider, or use another key',
  message: /limit|quota|exceed|exhaust|used up|too many|额度|配额|限|超/i,
};

const refusedKeyKind: LastingKind = {
  problem: 'the key is not accepted any more',
  fix: 'check that it is correct, not revoked, not expired, and made for this host',
  code: /^(invalid_api_key|api_key_(invalid|expired|revoked)|invalidapikey|token_expired|expired_token|key_(revoked|expired|disabled))$/i,
  message:
    /\bapi[ _-]?key\b.{0,40}\b(not valid|invalid|expired|revoked|disabled|deactivated|blocked|deleted|does not exist)\b|\b(invalid|expired|revoked|incorrect|unknown|disabled) (api|virtual|access|proxy)[ _-]?(server )?(key|token)\b|\bkey\b.{0,40}\b(has been|was|is|been) (revoked|expired|disabled|deactivated|blocked|deleted)\b|(令牌|密钥).{0,6}(过期|禁用|失效|无效)/i,
};

const missingModel: LastingKind = {
  problem: 'no such model, or it cannot be used any more',
  fix: 'check the model name, or use another model',
  code: /^(model_(not_found|decommissioned|deprecated|retired|removed)|modelnotfound|modelnotopen|model_not_available)$/i,
  message:
    /\bmodel\b.{0,80}\b(does not exist|not found|(has been|was|is|been) (deprecated and|decommissioned|retired|removed|deleted|withdrawn|discontinued|shut ?down|taken down|sunset)|end of life|no longer (available|supported|served|offered))|\bend[- ]of[- ]life\b|模型.{0,12}(不存在|已下线|已停用)/i,
};

const otherApiModel: LastingKind = {
  problem: 'the model does not answer chat completions',
  fix: 'use another model: rareflow asks by /chat/completions only',
  message:
    /only (supported|available) (in|through|via|with) .{0,20}\b(responses|completions)\b|not (a chat model|supported in the .{0,12}chat\/completions)|use the (v1\/)?(responses|completions) (api|endpoint)/i,
};

/**
 * Returns the problem if a refusal is about the account, its budget, a day's or month's limit, the key or the model, in
 * whatever status and words; undefined if it may be about this request alone, or pass within minutes.
 */
export function lastingRefusal(failure: AttemptError): LastingRefusal | undefined {
  const { status } = failure;
  if (status === undefined) return undefined;
  // A 422 quotes the request, and so the text of a record.
  const words = status === 422 ? '' : failure.serverMessage;
  if (matches(usedUpCredit, failure, words)) return usedUpCredit;
  if (status >= 500) return undefined;
  if (isLongPeriod(words) && usedUpPeriod.message.test(words)) return usedUpPeriod;
  // A 429 refuses neither a key nor a model.
  if (status === 429) return undefined;
  return [otherApiModel, refusedKeyKind, missingModel].find((kind) => matches(kind, failure, words));
}

function matches(
  { code: pattern, message }: LastingKind,
  { code = '', type = '' }: AttemptError,
  words: string,
): boolean {
  return pattern?.test(code) || pattern?.test(type) || message.test(words);
}

function isLongPeriod(words: string): boolean {
  return QUOTA_ID.test(words) || (PERIOD.test(words) && !SHORT_PERIOD.test(words));
}
