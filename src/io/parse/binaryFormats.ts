/** A format that is not text: its name, its first bytes and extensions, and how to read or convert it. */
interface BinaryFormat {
  name: string;
  magic?: (start: Buffer) => boolean;
  extensions?: RegExp;
  /** The extension that such a file needs, if it can be read. */
  readAs?: string;
  /** The command that converts it; FILE is replaced by its path. */
  convert?: string;
}

const startsWith = (bytes: string | number[], at = 0) => {
  const magic = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
  return (start: Buffer): boolean => start.subarray(at, at + magic.length).equals(magic);
};

const pandas = (reader: string) =>
  `python3 -c "import pandas as pd; pd.${reader}('FILE').to_json('FILE.jsonl', orient='records', lines=True)"`;
const datasets = `python3 -c "from datasets import Dataset; Dataset.from_file('FILE').to_json('FILE.jsonl')"`;
/** A stream of Arrow begins with a mark and the length of its schema. */
const isArrowStream = (start: Buffer): boolean =>
  start.length >= 8 && start.readUInt32LE(0) === 0xffffffff && start.readUInt32LE(4) < 2 ** 24;

const binaryFormats: BinaryFormat[] = [
  { name: 'gzip', magic: startsWith([0x1f, 0x8b]), readAs: '.gz' },
  { name: 'zstd', magic: startsWith([0x28, 0xb5, 0x2f, 0xfd]), readAs: '.zst' },
  { name: 'parquet', magic: startsWith('PAR1'), readAs: '.parquet' },
  { name: 'an Excel sheet', extensions: /\.(xlsx|xls|ods)$/i, convert: pandas('read_excel') },
  { name: 'a Word document', extensions: /\.docx?$/i, convert: 'pandoc -t plain FILE -o FILE.txt' },
  {
    name: 'an archive of NumPy',
    extensions: /\.np[yz]$/i,
    magic: startsWith('\x93NUMPY'),
    convert: `python3 -c "import numpy, json; [print(json.dumps({'text': str(text)})) for text in numpy.load('FILE', allow_pickle=True)]" > FILE.jsonl`,
  },
  {
    name: 'a zip archive',
    extensions: /\.zip$/i,
    magic: startsWith('PK\x03\x04'),
    convert: 'unzip FILE -d FOLDER, then name FOLDER or its files',
  },
  {
    name: 'a tar archive',
    extensions: /\.(tar|tgz|tar\.(gz|zst|xz|bz2))$/i,
    magic: startsWith('ustar', 257),
    convert: 'mkdir FOLDER && tar -xf FILE -C FOLDER, then name FOLDER or its files',
  },
  {
    name: 'xz',
    extensions: /\.xz$/i,
    magic: startsWith([0xfd, 0x37, 0x7a, 0x58]),
    convert: 'xz -dc FILE | rareflow …',
  },
  { name: 'bzip2', extensions: /\.bz2$/i, magic: startsWith('BZh'), convert: 'bzip2 -dc FILE | rareflow …' },
  {
    name: 'lz4',
    extensions: /\.lz4$/i,
    magic: startsWith([0x04, 0x22, 0x4d, 0x18]),
    convert: 'lz4 -dc FILE | rareflow …',
  },
  {
    name: '7z',
    extensions: /\.7z$/i,
    magic: startsWith([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]),
    convert: '7z x FILE -oFOLDER, then name FOLDER or its files',
  },
  { name: 'an Arrow or Feather file', magic: startsWith('ARROW1'), convert: pandas('read_feather') },
  { name: 'an Arrow file', extensions: /\.(arrow|ipc)$/i, magic: isArrowStream, convert: datasets },
  { name: 'an Arrow or Feather file', extensions: /\.feather$/i, convert: pandas('read_feather') },
  {
    name: 'a pickle of Python',
    extensions: /\.(pkl|pickle)$/i,
    magic: (start) => start[0] === 0x80 && [2, 3, 4, 5].includes(start[1] ?? 0),
    convert: pandas('read_pickle'),
  },
  {
    name: 'a database of SQLite',
    extensions: /\.(sqlite3?|db)$/i,
    magic: startsWith('SQLite format 3\0'),
    convert: `sqlite3 -json FILE 'select * from TABLE' > FILE.json`,
  },
  {
    name: 'an HDF5 file',
    extensions: /\.(h5|hdf5)$/i,
    magic: startsWith([0x89, 0x48, 0x44, 0x46]),
    convert: pandas('read_hdf'),
  },
  { name: 'a PDF', extensions: /\.pdf$/i, magic: startsWith('%PDF'), convert: 'pdftotext FILE FILE.txt' },
  {
    name: 'Avro',
    extensions: /\.avro$/i,
    magic: startsWith('Obj\x01'),
    convert: 'avro-tools tojson FILE > FILE.jsonl',
  },
  { name: 'ORC', extensions: /\.orc$/i, magic: startsWith('ORC'), convert: pandas('read_orc') },
  {
    name: 'a TFRecord file',
    extensions: /\.tfrecords?$/i,
    convert: 'read it with tensorflow.data.TFRecordDataset and write each example with json.dumps on one line',
  },
  {
    name: 'YAML',
    extensions: /\.ya?ml$/i,
    convert: `python3 -c "import json, yaml; json.dump(yaml.safe_load(open('FILE')), open('FILE.json', 'w'))"`,
  },
  { name: 'HTML or XML', extensions: /\.(html?|xml)$/i, convert: 'pandoc -t plain FILE -o FILE.txt' },
];

/** The bytes of a start that show every format. */
export const MAGIC_BYTES = 262;

/** Returns the binary format that bytes start with; undefined for text. */
export function binaryFormatOf(start: Buffer): string | undefined {
  return binaryFormats.find(({ magic }) => magic?.(start))?.name;
}

/** Returns the format of a file that cannot be read, by its name. */
export function unreadableByName(path: string): string | undefined {
  return binaryFormats.find(({ extensions, readAs }) => readAs === undefined && extensions?.test(path))?.name;
}

/** Returns true for a format that is read if the file has the right extension. */
export function needsOnlyExtension(format: string): boolean {
  return binaryFormats.some(({ name, readAs }) => name === format && readAs !== undefined);
}

/** Returns what an input in a binary format is, and how to read it: `looks like a PDF, which is not read here: …`. */
export function binaryReason(format: string, path: string): string {
  // A name shows the kind of an archive better than its first bytes.
  const byName = binaryFormats.find(({ extensions }) => extensions?.test(path));
  const known = byName ?? binaryFormats.find(({ name }) => name === format);
  if (known?.readAs !== undefined) {
    return `looks like ${known.name}: ${path === 'stdin' ? 'decompress it first' : `name it ${known.readAs}`}`;
  }
  const how = known?.convert === undefined ? 'write its records as JSON Lines' : known.convert.replaceAll('FILE', path);
  return `looks like ${known?.name ?? format}, which is not read here; convert it: ${how}`;
}
