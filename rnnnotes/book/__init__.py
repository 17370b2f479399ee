"""The machinery: how a formula is stated, printed, proved, kept, compared and cited.

Each room uses what stands above it, and nothing below:

- `language`: what a statement is made of;
- `write`: how it is printed;
- `values`: what it is in numbers;
- `state`: a formula, with its code and its derivation;
- `find`: all of them, and one by its name;
- `prove`: whether one holds, by `rnnnotes.core`;
- `check`: verdicts that are asked for and kept, and mutants;
- `compare`: code of one's own beside that of a formula;
- `cite`: what a reader takes along.

`keeping` is the disk: answers and data files.
"""
