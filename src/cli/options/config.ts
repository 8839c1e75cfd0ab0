import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../../errors.js';
import { isRecord } from '../../record.js';
import { mustBe, unknownName } from '../../util/check.js';
import { checkOption, type Declared, type Option, optionNamed } from '../../util/options.js';
import type { CommandSpec } from '../command.js';
import { importTypeScript } from './importTypeScript.js';
import { spreadModels } from './server/stageModels.js';
import { isTrusted } from './trustedFolders.js';

/** The files that are looked for in the working folder, in this order. */
export const configNames = ['rareflow.config.ts', 'rareflow.config.js', 'rareflow.config.mjs', 'rareflow.config.json'];

/** The values of a configuration file: option names with values for every command that has them, and for single commands. */
export interface Config {
  [option: string]: unknown;
  commands?: Record<string, Record<string, unknown>> | undefined;
  /** The models of the stages: `questions` and `teacher`. */
  models?: Record<string, Record<string, unknown>> | undefined;
}

/** A configuration file, and whether it is to be read. */
export interface FoundConfig {
  file: string;
  /** False for a file in the working folder that nobody named, if the folder is not trusted. */
  isRead: boolean;
}

/** The configuration file that a command line or `RAREFLOW_CONFIG` names, or the one in the working folder. */
export function configFile(argv: string[], env: NodeJS.ProcessEnv = process.env): FoundConfig | undefined {
  const at = argv.findIndex((arg) => arg === '--config' || arg.startsWith('--config='));
  const named = argv[at]?.includes('=') ? argv[at]?.slice('--config='.length) : argv[at + 1];
  if (at !== -1) return named === undefined ? undefined : { file: named, isRead: true };
  if (argv.includes('--no-config')) return undefined;
  if (env.RAREFLOW_CONFIG) return { file: env.RAREFLOW_CONFIG, isRead: true };
  const file = configNames.find((name) => existsSync(name));
  return file === undefined ? undefined : { file, isRead: isTrusted('.') };
}

/**
 * Reads a configuration file and checks it against the options of the commands.
 *
 * @throws UsageError that names the file and the key
 */
export async function readConfig(file: string, commands: readonly CommandSpec[]): Promise<Config> {
  const config = await load(file);
  if (!isRecord(config)) throw mustBe(`${file}: the configuration`, 'an object', config);
  const { commands: sections = {}, models, ...shared } = config;
  checkModels(file, models, commands);
  if (!isRecord(sections)) throw mustBe(`${file}: commands`, 'an object', sections);
  check(file, shared, commands);
  for (const [name, section] of Object.entries(sections)) {
    const spec = commands.find((one) => one.name === name);
    if (spec === undefined)
      throw inFile(
        file,
        unknownName(
          'command',
          name,
          commands.map((one) => one.name),
        ),
      );
    if (!isRecord(section)) throw mustBe(`${file}: commands.${name}`, 'an object', section);
    check(`${file}: commands.${name}`, section, [spec]);
  }
  return config as Config;
}

/** The values of a configuration for one command, under the names of its options. */
export function configValues({ name, options }: CommandSpec, config: Config): Record<string, unknown> {
  const { commands = {}, models, ...rest } = config;
  const shared = { ...rest, ...spreadModels(models, name) };
  const values: Record<string, unknown> = {};
  for (const [key, value] of [...Object.entries(shared), ...Object.entries(commands[name] ?? {})]) {
    const found = find(options, key);
    const read = found && valueFor(found, value);
    // An option of the same name of another command may take other values.
    if (found !== undefined && read !== undefined && found.option.accepts(read)) values[found.name] = read;
  }
  return values;
}

/** Checks `models`, which sets options of `run` for each of its stages. */
function checkModels(file: string, models: unknown, commands: readonly CommandSpec[]): void {
  if (models === undefined) return;
  if (!isRecord(models)) throw mustBe(`${file}: models`, 'an object with the keys questions and teacher', models);
  try {
    const run = commands.filter(({ name }) => name === 'run');
    check(file, spreadModels(models, 'run'), run);
  } catch (error) {
    if (error instanceof UsageError && !error.message.startsWith(file)) throw inFile(file, error);
    throw error;
  }
}

interface FoundOption {
  name: string;
  option: Option;
  /** The key is the name of the flag that turns the option off. */
  turnsOff: boolean;
}

function find(options: Declared, key: string): FoundOption | undefined {
  const name = optionNamed(options, key);
  if (name !== undefined) return { name, option: options[name] as Option, turnsOff: false };
  const off = Object.entries(options).find(([, { offName }]) => offName === key);
  return off && { name: off[0], option: off[1], turnsOff: true };
}

/** A value as the command line would read it: a number may be written as a string. */
export function readValue(option: Option, value: unknown): unknown {
  return typeof value === 'string' && !option.accepts(value) ? option.parse(value) : value;
}

const valueFor = ({ option, turnsOff }: FoundOption, value: unknown) =>
  turnsOff && typeof value === 'boolean' ? !value : readValue(option, value);

/** Throws UsageError for a key that no command has, or a value that no command takes. */
function check(where: string, values: Record<string, unknown>, commands: readonly CommandSpec[]): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const found = commands.map(({ options }) => find(options, key)).filter((one) => one !== undefined);
    const [first] = found;
    if (first === undefined) {
      const known = commands.flatMap(({ options }) => Object.keys(options));
      throw inFile(where, unknownName('option', key, [...new Set(known)]));
    }
    if (found.some((one) => one.option.accepts(valueFor(one, value)))) continue;
    const separator = where.includes(': commands.') ? '.' : ': ';
    checkOption(`${where}${separator}${key}`, first.option, value);
  }
}

function inFile(where: string, { message, hint }: UsageError): UsageError {
  return new UsageError(`${where}: ${message}`, { hint });
}

async function load(file: string): Promise<unknown> {
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`);
  try {
    if (file.endsWith('.json')) return JSON.parse(await readFile(file, 'utf8'));
    const url = pathToFileURL(path.resolve(file)).href;
    return /\.[cm]?ts$/.test(file) ? await importTypeScript(url) : (await import(url)).default;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`cannot read ${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
