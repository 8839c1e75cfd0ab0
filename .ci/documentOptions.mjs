// Runs after tsc in `npm run build`: writes what each declared option says of itself before its property in dist/**/*options.d.ts,
// so that editors show it where the option is used.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = path.resolve('dist');
const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => /options\.d\.ts$/i.test(file));

for (const file of files) {
  const target = path.join(dist, file);
  const module = await import(pathToFileURL(target.replace(/\.d\.ts$/, '.js')).href);
  const lines = readFileSync(target, 'utf8').split('\n');
  writeFileSync(target, documented(lines, module).join('\n'));
}

/** The lines of a declaration file, with a comment before each property that is an option and has none. */
function documented(lines, module) {
  let declared;
  return lines.flatMap((line, index) => {
    const [, name] = /^export declare const (\w+): \{$/.exec(line) ?? [];
    if (name !== undefined) declared = module[name];
    else if (line.startsWith('}')) declared = undefined;
    const [, indent, property] = /^( {4})(\w+): /.exec(line) ?? [];
    const option = declared?.[property];
    if (typeof option?.help !== 'string' || lines[index - 1].endsWith('*/')) return [line];
    return [`${indent}/** ${textOf(option).replaceAll('*/', '* /')} */`, line];
  });
}

function textOf({ help, default: value, defaultText, aliases }) {
  const parts = [`${help[0].toUpperCase()}${help.slice(1)}.`];
  if (defaultText !== undefined) parts.push(`Default: ${defaultText}.`);
  else if (value !== undefined) parts.push(`Default \`${typeof value === 'string' ? `'${value}'` : value}\`.`);
  if (aliases.length > 0) parts.push(`Also called ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`);
  return parts.join(' ');
}
