"""How static files are stored: under names that carry their hash, compressed, with module imports rewritten to match."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """The import statements between our ES modules get the hashed names too."""

    support_js_module_import_aggregation = True
