// The reference for BM25: Apache Lucene 8 (Debian package liblucene8-java), driven the way Anserini/Pyserini drive it.
//
//   tokens CORPUS.jsonl OUT.jsonl            EnglishAnalyzer's tokens of every record: {"id":…,"tokens":[…]}
//   bench  CORPUS.jsonl QUERIES.jsonl DIR K  index (1 thread, 1 segment), then search every query 5 times; one JSON line
//   rates  CORPUS.jsonl QUERIES.jsonl DIR HITS.jsonl   as bench, for k = 10 and 100, and writes the top 10 of every query to HITS.jsonl
//   run    CORPUS.jsonl QUERIES.jsonl DIR K  index, then write each query's top K as {"id":…,"hits":[[docId,score],…]} to stdout
//
// k1 = 0.9, b = 0.4 (Anserini's defaults). Records are {"id":string,"text":string}, one per line.
// Build and run:  ./run.sh bench corpus.jsonl queries.jsonl DIR 10
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.search.*;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.*;

public class LucenePeer {
  static final BM25Similarity BM25 = new BM25Similarity(0.9f, 0.4f);
  static final Analyzer ENGLISH = new EnglishAnalyzer();

  /** The string value of one top-level key of a flat JSON object, unescaped; null where it is absent. */
  static String field(String line, String key) {
    int at = line.indexOf("\"" + key + "\"");
    if (at < 0) return null;
    int i = line.indexOf('"', line.indexOf(':', at + key.length() + 2)) + 1;
    StringBuilder out = new StringBuilder();
    for (char c; (c = line.charAt(i)) != '"'; i++) {
      if (c != '\\') { out.append(c); continue; }
      c = line.charAt(++i);
      switch (c) {
        case 'n': out.append('\n'); break;
        case 't': out.append('\t'); break;
        case 'r': out.append('\r'); break;
        case 'b': out.append('\b'); break;
        case 'f': out.append('\f'); break;
        case 'u': out.append((char) Integer.parseInt(line.substring(i + 1, i + 5), 16)); i += 4; break;
        default: out.append(c);
      }
    }
    return out.toString();
  }

  static String quote(String s) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : s.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < 0x20) out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }

  static BufferedReader open(String path) throws IOException {
    return new BufferedReader(new InputStreamReader(new FileInputStream(path), StandardCharsets.UTF_8), 1 << 20);
  }

  static List<String> analyze(String text) throws IOException {
    List<String> tokens = new ArrayList<>();
    try (TokenStream stream = ENGLISH.tokenStream("text", text)) {
      CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
      stream.reset();
      while (stream.incrementToken()) tokens.add(term.toString());
      stream.end();
    }
    return tokens;
  }

  static void tokens(String corpus, String out) throws IOException {
    try (BufferedReader in = open(corpus);
        PrintWriter w = new PrintWriter(new OutputStreamWriter(new FileOutputStream(out), StandardCharsets.UTF_8))) {
      for (String line; (line = in.readLine()) != null; ) {
        if (line.isBlank()) continue;
        StringJoiner list = new StringJoiner(",", "[", "]");
        for (String token : analyze(field(line, "text"))) list.add(quote(token));
        w.println("{\"id\":" + quote(field(line, "id")) + ",\"tokens\":" + list + "}");
      }
    }
  }

  static long[] index(String corpus, String dir) throws IOException {
    long start = System.nanoTime(), docs = 0;
    IndexWriterConfig config = new IndexWriterConfig(ENGLISH).setSimilarity(BM25).setRAMBufferSizeMB(256)
        .setOpenMode(IndexWriterConfig.OpenMode.CREATE);
    try (Directory d = MMapDirectory.open(Paths.get(dir)); IndexWriter writer = new IndexWriter(d, config);
        BufferedReader in = open(corpus)) {
      for (String line; (line = in.readLine()) != null; docs++) {
        Document doc = new Document();
        doc.add(new StoredField("id", field(line, "id")));
        doc.add(new TextField("text", field(line, "text"), Field.Store.NO));
        writer.addDocument(doc);
      }
      writer.forceMerge(1);
    }
    return new long[] {docs, System.nanoTime() - start};
  }

  static Query query(String text) throws IOException {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (String token : analyze(text)) counts.merge(token, 1, Integer::sum);
    BooleanQuery.Builder builder = new BooleanQuery.Builder();
    for (Map.Entry<String, Integer> e : counts.entrySet()) {
      Query term = new TermQuery(new Term("text", e.getKey()));
      builder.add(e.getValue() == 1 ? term : new BoostQuery(term, e.getValue()), BooleanClause.Occur.SHOULD);
    }
    return builder.build();
  }

  public static void main(String[] a) throws Exception {
    BooleanQuery.setMaxClauseCount(1 << 16);
    if (a[0].equals("tokens")) { tokens(a[1], a[2]); return; }
    boolean rates = a[0].equals("rates");
    int k = rates ? 10 : Integer.parseInt(a[4]);
    long[] built = index(a[1], a[3]);
    List<String[]> queries = new ArrayList<>();
    try (BufferedReader in = open(a[2])) {
      for (String line; (line = in.readLine()) != null; ) queries.add(new String[] {field(line, "id"), field(line, "text")});
    }
    try (IndexReader reader = DirectoryReader.open(MMapDirectory.open(Paths.get(a[3])))) {
      IndexSearcher searcher = new IndexSearcher(reader);
      searcher.setSimilarity(BM25);
      double first = 0;
      if (a[0].equals("run") || rates) {
        long start = System.nanoTime();
        PrintStream out = new PrintStream(rates ? new FileOutputStream(a[4]) : System.out, false, "UTF-8");
        for (String[] q : queries) {
          StringJoiner hits = new StringJoiner(",", "[", "]");
          for (ScoreDoc hit : searcher.search(query(q[1]), k).scoreDocs)
            hits.add("[" + quote(reader.document(hit.doc).get("id")) + "," + hit.score + "]");
          out.println("{\"id\":" + quote(q[0]) + ",\"hits\":" + hits + "}");
        }
        out.flush();
        first = queries.size() / ((System.nanoTime() - start) / 1e9);
        if (!rates) return;
      }
      long bytes = 0;
      for (File f : new File(a[3]).listFiles()) bytes += f.length();
      if (rates) {
        System.out.printf(Locale.ROOT,
            "{\"docs\":%d,\"buildSeconds\":%.2f,\"indexBytes\":%d,\"first\":%.1f,\"k10\":%.1f,\"k100\":%.1f}%n",
            built[0], built[1] / 1e9, bytes, first, rate(searcher, queries, 10), rate(searcher, queries, 100));
        return;
      }
      System.out.printf(Locale.ROOT,
          "{\"peer\":\"lucene-8\",\"docs\":%d,\"buildSeconds\":%.2f,\"docsPerSecond\":%.0f,\"indexBytes\":%d,\"queries\":%d,\"k\":%d,\"queriesPerSecond\":%.1f}%n",
          built[0], built[1] / 1e9, built[0] / (built[1] / 1e9), bytes, queries.size(), k, rate(searcher, queries, k));
    }
  }

  /** Queries per second: the median of five rounds. */
  static double rate(IndexSearcher searcher, List<String[]> queries, int k) throws IOException {
    double[] seconds = new double[5];
    for (int round = 0; round < seconds.length; round++) {
      long start = System.nanoTime();
      for (String[] q : queries) searcher.search(query(q[1]), k);
      seconds[round] = (System.nanoTime() - start) / 1e9;
    }
    Arrays.sort(seconds);
    return queries.size() / seconds[2];
  }
}
