"""Run by bench/search.ts: CORPUS QUERIES FOLDER HITS. Xapian, with its English stems and its BM25, in one thread."""

import json
import os
import statistics
import sys
import time

import xapian

corpus, queries_file, folder, hits_file = sys.argv[1:5]
STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with"
)
# Documents are written once, at the end: Xapian's advice for building in bulk.
os.environ["XAPIAN_FLUSH_THRESHOLD"] = "1000000"


def stopper():
    words = xapian.SimpleStopper()
    for word in STOP_WORDS.split():
        words.add(word)
    return words


def entries(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


stop = stopper()
stem = xapian.Stem("english")
terms = xapian.TermGenerator()
terms.set_stemmer(stem)
terms.set_stopper(stop)
terms.set_stopper_strategy(xapian.TermGenerator.STOP_ALL)
terms.set_stemming_strategy(xapian.TermGenerator.STEM_ALL)

started = time.perf_counter()
writer = xapian.WritableDatabase(folder, xapian.DB_CREATE_OR_OVERWRITE)
docs = 0
for entry in entries(corpus):
    document = xapian.Document()
    document.set_data(entry["id"])
    terms.set_document(document)
    terms.index_text_without_positions(entry["text"])
    writer.add_document(document)
    docs += 1
writer.close()
build_seconds = time.perf_counter() - started

print(f"searching in process {os.getpid()}", file=sys.stderr, flush=True)
database = xapian.Database(folder)
parser = xapian.QueryParser()
parser.set_stemmer(stem)
parser.set_stopper(stop)
parser.set_stemming_strategy(xapian.QueryParser.STEM_ALL)
enquire = xapian.Enquire(database)
enquire.set_weighting_scheme(xapian.BM25Weight(0.9, 0, 1000, 0.4, 0))


def search(text, k):
    # Each word of the query is a term; a query has no operators.
    words = "".join(character if character.isalnum() else " " for character in text)
    enquire.set_query(parser.parse_query(words, 0))
    return [(hit.document.get_data().decode(), hit.weight) for hit in enquire.get_mset(0, k)]


def rate(texts, k):
    """Queries per second: the median of rounds, of as many as fit into ten seconds, at least one and at most five."""
    rounds = []
    begun = time.perf_counter()
    while len(rounds) < 5 and (not rounds or time.perf_counter() - begun < 10):
        start = time.perf_counter()
        for text in texts:
            search(text, k)
        rounds.append(len(texts) / (time.perf_counter() - start))
    return statistics.median(rounds)


queries = list(entries(queries_file))
with open(hits_file, "w", encoding="utf-8") as hits:
    for query in queries:
        hits.write(json.dumps({"id": query["id"], "hits": search(query["text"], 10)}) + "\n")
texts = [query["text"] for query in queries]
print(
    json.dumps(
        {
            "docs": docs,
            "buildSeconds": build_seconds,
            "indexBytes": sum(entry.stat().st_size for entry in os.scandir(folder)),
            "k10": rate(texts, 10),
            "k100": rate(texts, 100),
            "ranking": "its own: Xapian's words and Snowball's English stems, another idf, k1 0.9, b 0.4",
        }
    )
)
