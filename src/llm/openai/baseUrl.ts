import { BlockList, isIP } from 'node:net';
import { UsageError } from '../../errors.js';

/** The address of a server, with its secrets separate from what may be shown. */
export interface BaseUrl {
  /** The address without credentials and query. */
  href: string;
  /** Host and port: the name of the server in errors and notices. */
  host: string;
  hostname: string;
  /** The query as it was given, with its `?`; empty if there is none. */
  search: string;
  /** The `authorization` header, if there is one to send. */
  authorization: string | undefined;
  /** The `api-key` header, which Azure takes instead of the other. */
  azureKey: string | undefined;
  /** Removes every secret from a text. */
  redact: (text: string) => string;
  /** Removes the credentials from a model's answer, where a header's value or an API version may be a word of the subject. */
  redactAnswer: (text: string) => string;
}

/**
 * Reads a base URL such as `https://api.openai.com/v1`, also with `/chat/completions` at its end. Credentials in it are sent
 * as Basic authorization; a query (`?api-version=…`) is sent with every request. Azure's servers get the key as `api-key`,
 * unless it is a token of Entra. No message quotes a secret. Values of `secretHeaders` are secrets whatever their names.
 *
 * @throws UsageError for anything but an http(s) URL, for plain http to a public host, for a key together with URL
 * credentials, for a key that no header can carry and for an address of Azure that names no deployment
 */
export function parseBaseUrl(
  baseUrl: string,
  apiKey?: string,
  headers: Record<string, string> = {},
  secretHeaders: Record<string, string> = {},
): BaseUrl {
  if (!URL.canParse(baseUrl)) {
    throw new UsageError('the base URL is not a URL', { hint: 'it looks like https://api.openai.com/v1' });
  }
  const url = new URL(baseUrl);
  const { host, hostname, protocol } = url;
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new UsageError(`the base URL must begin with https: or http:, got ${protocol}`);
  }
  if (protocol === 'http:' && !isPrivateHost(hostname)) {
    throw new UsageError(`http://${host} would send the key and the texts unencrypted`, {
      hint: 'use https://; plain http is for loopback and private addresses (an SSH tunnel to localhost is one)',
    });
  }
  const user = decode(url.username);
  const password = decode(url.password);
  const basic = user === '' && password === '' ? undefined : Buffer.from(`${user}:${password}`).toString('base64');
  if (basic !== undefined && apiKey !== undefined) {
    throw new UsageError(`two credentials for ${host}: a key and a user in the base URL`, { hint: 'give only one' });
  }
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new UsageError('the API key is empty or contains white space, a line break or a character outside ASCII', {
      hint: 'copy it again; a key read from a file often ends in a line break',
    });
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/\/chat\/completions$/, '');
  const isAzure = isAzureAddress(hostname, path, url.searchParams);
  const credentials = [
    ...[apiKey, password, basic, url.password, password === '' ? user : ''],
    ...parameterValues(url.searchParams, (name) => !/version/i.test(name)),
    ...parameterValues(rawParameters(url), (name) => !/version/i.test(name)),
    ...parameterValues(Object.entries(headers), isCredentialHeader),
    ...Object.values(secretHeaders),
  ].filter((credential) => credential !== undefined);
  const takesApiKey = isAzure && apiKey !== undefined && !ENTRA_TOKEN.test(apiKey);
  const words = [...parameterValues(url.searchParams), ...Object.values(headers)];
  return {
    href: `${url.origin}${path}`,
    host,
    hostname,
    search: url.search,
    authorization: takesApiKey ? undefined : basic === undefined ? apiKey && `Bearer ${apiKey}` : `Basic ${basic}`,
    azureKey: takesApiKey ? apiKey : undefined,
    redact: redactor([...credentials, ...words]),
    redactAnswer: redactor(credentials.filter(({ length }) => length >= MIN_ANY_CASE)),
  };
}

const AZURE_HOST = /\.(openai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)$/;
const DEPLOYMENT_PATH = /\/openai\/deployments\/[^/]+$/;
/** A token of Entra is a JWT, which is sent as a bearer token. */
const ENTRA_TOKEN = /^eyJ[\w-]*\.[\w-]+\./;

/** Returns true for an address of Azure. Throws UsageError for one that Azure would answer with "Resource not found". */
function isAzureAddress(hostname: string, path: string, query: URLSearchParams): boolean {
  if (!AZURE_HOST.test(hostname)) return DEPLOYMENT_PATH.test(path);
  const isWhole = DEPLOYMENT_PATH.test(path) ? query.has('api-version') : /\/(v1|models)(\/|$)/.test(path);
  if (isWhole) return true;
  throw new UsageError(`the base URL at ${hostname} names no deployment, or no api-version`, {
    hint: `write https://${hostname}/openai/deployments/DEPLOYMENT?api-version=2024-10-21, or https://${hostname}/openai/v1`,
  });
}

/** Returns true for a header that proves who asks. */
export function isCredentialHeader(name: string): boolean {
  return /key|auth|token|secret|cookie/i.test(name);
}

function parameterValues(pairs: Iterable<[string, string]>, accepts: (name: string) => boolean = () => true): string[] {
  return [...pairs].filter(([name]) => accepts(name)).map(([, value]) => value);
}

/** Returns the parameters of a URL's query as they are written: `URLSearchParams` makes a blank of +. */
function rawParameters({ search }: URL): [string, string][] {
  const parts = search
    .slice(1)
    .split('&')
    .filter((part) => part.includes('='));
  return parts.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]);
}

/** Decodes a part of a URL; a lone % is kept. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A shorter secret is a word such as the `EMPTY` of a local server, which is replaced only in its own case. */
const MIN_ANY_CASE = 12;

/**
 * Replaces secrets by `***`, a long one in any case, since a server may change it. Secrets of fewer than 4 characters are
 * left in place: they protect nothing, and every text contains them.
 */
function redactor(secrets: string[]): (text: string) => string {
  const forms = new Set(secrets.filter((secret) => secret.length >= 4).flatMap((s) => [s, encodeURIComponent(s)]));
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const patterns = longestFirst.map((form) => new RegExp(escaped(form), form.length < MIN_ANY_CASE ? 'gu' : 'giu'));
  return (text) => patterns.reduce((clean, pattern) => clean.replace(pattern, '***'), text);
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const privateAddresses = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 32],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  privateAddresses.addSubnet(net, prefix);
privateAddresses.addAddress('::1', 'ipv6');
privateAddresses.addSubnet('fc00::', 7, 'ipv6');
privateAddresses.addSubnet('fe80::', 10, 'ipv6');

/** Returns true for loopback and private addresses, and for names that only a local network resolves: `vllm`, `x.local`. */
export function isPrivateHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(bare);
  if (version !== 0) return privateAddresses.check(bare, version === 6 ? 'ipv6' : 'ipv4');
  return !bare.includes('.') || /\.(localhost|local|internal|lan)\.?$/.test(bare);
}
