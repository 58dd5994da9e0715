"""Where observations lie: a folder of dated changes, read as known on a date.

A vintage is what a dataset looked like on a day. Only what changed is stored:
new, revised and withdrawn observations, in one Parquet file beside a manifest.
A vintage exists once its manifest exists; the manifest is written last, by an
atomic rename, so a reader never sees half a vintage, and it holds the checksum
of the observations, so a damaged one is named. The edition that ships with the
package lies beneath the user's store and is read-only.
"""

from reporting.vintages import texts
from reporting.vintages.archive import export_store, import_store
from reporting.vintages.manifest import Manifest, day
from reporting.vintages.remote import Remote, is_url
from reporting.vintages.store import EMBEDDED, Store, alone, used
from reporting.vintages.texts import Collection
from reporting.vintages.upkeep import Trouble, compact, verify

__all__ = [
    "EMBEDDED",
    "Collection",
    "Manifest",
    "Remote",
    "Store",
    "Trouble",
    "alone",
    "compact",
    "day",
    "export_store",
    "import_store",
    "is_url",
    "texts",
    "used",
    "verify",
]
