import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../errors.js';
import { isRecord } from '../../record.js';
import type { CommandSpec } from '../command.js';
import { ListOption } from './option.js';

/** What is looked for in the working folder, the first first. */
export const configNames = ['rareflow.config.ts', 'rareflow.config.js', 'rareflow.config.mjs', 'rareflow.config.json'];

/** The values of a configuration file: flags in camelCase for every command that has them, and for single commands. */
export interface Config {
  [flag: string]: unknown;
  commands?: Record<string, Record<string, unknown>> | undefined;
}

/** The configuration file that a command line names, or that stands in the working folder. */
export function configFile(argv: string[]): string | undefined {
  const at = argv.findIndex((arg) => arg === '--config' || arg.startsWith('--config='));
  const named = argv[at]?.includes('=') ? argv[at]?.slice('--config='.length) : argv[at + 1];
  if (at !== -1) return named;
  return argv.includes('--no-config') ? undefined : configNames.find((name) => existsSync(name));
}

/**
 * Reads a configuration file and checks it against the flags of the commands. Throws UsageError that names the file and the
 * key.
 */
export async function readConfig(file: string, commands: readonly CommandSpec[]): Promise<Config> {
  const checked = configSchema(commands).safeParse(await load(file));
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const key = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : (issue?.path ?? []);
  const words = issue?.code === 'unrecognized_keys' ? 'no flag has this name' : issue?.message;
  throw new UsageError(`${file}: ${key.length === 0 ? '' : `${key.join('.')}: `}${words}`, {
    hint: 'keys are the flags in camelCase; rareflow init writes a file with all of them',
  });
}

/** Sets the values of a command that its command line does not set. */
export function applyConfig(command: Command, { name, options }: CommandSpec, config: Config): void {
  const own = config.commands?.[name] ?? {};
  for (const option of options) {
    const attribute = option.attributeName();
    const shared = config[attribute];
    // Another command's option of the same name may have other choices.
    const isMeant = option.argChoices === undefined || option.argChoices.includes(String(shared));
    const value = own[attribute] ?? (isMeant ? shared : undefined);
    if (value !== undefined) command.setOptionValueWithSource(attribute, value, 'config');
  }
}

async function load(file: string): Promise<unknown> {
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`);
  try {
    if (file.endsWith('.json')) return JSON.parse(await readFile(file, 'utf8'));
    const url = pathToFileURL(path.resolve(file)).href;
    if (!file.endsWith('.ts')) return (await import(url)).default;
    const { tsImport } = await import('tsx/esm/api');
    const { default: value } = await tsImport(url, import.meta.url);
    // In a folder that is no ES module package, the module stands inside another.
    return isRecord(value) && 'default' in value ? value.default : value;
  } catch (cause) {
    throw new UsageError(`${file}: cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** A strict object of every flag; values are read as the command line reads them. */
function configSchema(commands: readonly CommandSpec[]): z.ZodType<Config> {
  const flagsOf = (options: readonly Option[]) => {
    const choicesOf = (name: string) =>
      options.filter((option) => option.attributeName() === name).flatMap(({ argChoices }) => argChoices ?? []);
    const off = options.filter(({ negate }) => negate).map((option) => option.attributeName());
    const on = options
      .filter(({ negate }) => !negate)
      .map((option) => [option.attributeName(), flagSchema(option, choicesOf(option.attributeName()))]);
    const flags: Record<string, z.ZodType> = Object.fromEntries(on);
    for (const name of off) flags[name] = flags[name]?.or(z.literal(false)) ?? z.boolean(); // `--cache <folder>`, `--no-cache`
    return Object.fromEntries(Object.entries(flags).map(([name, schema]) => [name, schema.optional()]));
  };
  const sections = commands.map(({ name, options }) => [name, z.strictObject(flagsOf(options)).optional()]);
  // Where one command takes a list and another a single value of the same name, a list is right.
  const listsLast = (a: Option, b: Option) => Number(a instanceof ListOption) - Number(b instanceof ListOption);
  const all = flagsOf(commands.flatMap(({ options }) => options).sort(listsLast));
  const schema = z.strictObject({ ...all, commands: z.strictObject(Object.fromEntries(sections)).optional() });
  return schema as unknown as z.ZodType<Config>;
}

function flagSchema(option: Option, choices: string[]): z.ZodType {
  if (option.isBoolean()) return z.boolean();
  const schema = valueSchema(option, choices);
  return option.optional ? z.literal(true).or(schema) : schema; // `--batch`, `--batch 500`
}

function valueSchema(option: Option, choices: string[]): z.ZodType {
  if (option.variadic) return z.array(z.string());
  if (option instanceof ListOption) return z.union([z.string(), z.array(z.string())]);
  if (option.argChoices) return z.enum([...new Set(choices)]);
  const { parseArg } = option;
  if (parseArg === undefined) return z.string();
  return z.union([z.number(), z.string()]).transform((value, context) => {
    try {
      return parseArg(String(value), undefined);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}
