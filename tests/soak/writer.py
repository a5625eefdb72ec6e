"""A producer as chaos runs have them (clients.py), whose journal is divided by partitions, for a run that is too long for one.

    writer.py '{… as for clients.py, "journal" aside, "directory", "life"}'

life: a producer and its connections live for about so many records, then comes the next with another codec; 0: till the end.
"""

import json
import os
import sys

import paths

from clients import FLUSH, Client


class Writer(Client):
    def __init__(self, job):
        os.makedirs(job["directory"], exist_ok=True)
        super().__init__({**job, "journal": os.devnull})
        self.files = {}  # (topic, partition) → its file
        self.touched = set()  # by the transaction

    def note(self, **line):
        text = json.dumps(line) + "\n"
        if line["e"] == "txn":
            for place in self.touched:
                self.files[place].write(text)
            self.touched.clear()
            return
        place = line["t"], line["p"]
        if place not in self.files:
            directory = paths.place_dir(self.job["directory"], *place)
            os.makedirs(directory, exist_ok=True)
            self.files[place] = open(os.path.join(directory, f"journal-{self.job['name']}.jsonl"), "a", buffering=1)
        self.files[place].write(text)
        if line["e"] == "send" and line["x"]:
            self.touched.add(place)

    def run(self):
        if not self.job["life"]:
            super().run()
            return
        while not self.ending.is_set():
            self.job["compression"] = self.rng.choice(("none", "gzip", "snappy", "lz4", "zstd"))
            p = self.producer()
            n = self.rng.randint(1, 2 * self.job["life"] - 1)
            for _ in range(n):
                if not self.fatal:
                    self.send(p)
            p.flush(FLUSH)
            self.pace(n)


if __name__ == "__main__":
    Writer(json.loads(sys.argv[1])).run()
