namespace Assay.Lab;

/// <summary>How a study's kept result stands to the study's source.</summary>
public enum ResultState
{
    /// <summary>The result was computed by the source as it is, at full scale.</summary>
    Current,
    /// <summary>There is no result.</summary>
    Missing,
    /// <summary>The study's source has changed since.</summary>
    Stale,
    /// <summary>The result is only of quick scale.</summary>
    Quick,
}

/// <summary>The folder that keeps one <c>NN-slug.json</c> for each study, and the ledger over them.</summary>
public sealed class StudyResults
{
    /// <summary>Results in a folder; it need not exist yet.</summary>
    /// <param name="folder">The folder of the JSON files.</param>
    /// <param name="ledger">The ledger's file; <c>LEDGER.md</c> in the same folder when null.</param>
    public StudyResults(string folder, string? ledger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Folder = Path.GetFullPath(folder);
        LedgerPath = ledger ?? Path.Combine(Folder, "LEDGER.md");
    }

    /// <summary>The folder of the JSON files.</summary>
    public string Folder { get; }

    /// <summary>The ledger's file.</summary>
    public string LedgerPath { get; }

    /// <summary>
    /// The results of the repository that holds a folder (the nearest one above it with <c>Assay.slnx</c>), or of that folder itself:
    /// <c>studies/results</c> with <c>LEDGER.md</c> at the root. Quick results are kept apart, in <c>studies/results/quick</c>, so that
    /// a quick look never replaces a full result.
    /// </summary>
    public static StudyResults Near(string folder, StudyScale scale = StudyScale.Full)
    {
        var root = Path.GetFullPath(folder);
        for (var at = new DirectoryInfo(root); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Assay.slnx")))
            {
                root = at.FullName;
                break;
            }
        }
        var results = Path.Combine(root, "studies", "results");
        return scale == StudyScale.Full ? new(results, Path.Combine(root, "LEDGER.md")) : new(Path.Combine(results, "quick"));
    }

    /// <summary>The file of a study's result.</summary>
    public string PathOf(Study study)
    {
        ArgumentNullException.ThrowIfNull(study);
        return Path.Combine(Folder, StudyCatalog.FileName(study.Info) + ".json");
    }

    /// <summary>The kept result of a study, or null.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read as a result.</exception>
    public StudyResult? Read(Study study) => PathOf(study) is var path && File.Exists(path) ? LabJson.ReadFile<StudyResult>(path) : null;

    /// <summary>The result of a study that was built into its assembly as <c>results/NN-slug.json</c>, or null.</summary>
    public static StudyResult? ReadEmbedded(Study study)
    {
        ArgumentNullException.ThrowIfNull(study);
        using var stream = study.GetType().Assembly.GetManifestResourceStream($"results/{StudyCatalog.FileName(study.Info)}.json");
        return stream is null ? null : System.Text.Json.JsonSerializer.Deserialize<StudyResult>(stream, LabJson.Indented);
    }

    /// <summary>Keeps a result in place of an earlier one: written to a temporary name and renamed, so that nobody reads half of it.</summary>
    public void Write(Study study, StudyResult result)
    {
        Directory.CreateDirectory(Folder);
        TextFile.Write(PathOf(study), LabJson.Write(result));
    }

    /// <summary>Writes the ledger over all kept results.</summary>
    public void WriteLedger(StudyCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        TextFile.Write(LedgerPath, Ledger.Write([.. catalog.Studies.Select(s => (s, Read(s)))]));
    }

    /// <summary>How the kept result stands to the study's source.</summary>
    public ResultState StateOf(Study study) => Read(study) is { } result ? StateOf(study, result) : ResultState.Missing;

    /// <inheritdoc cref="StateOf(Study)"/>
    public static ResultState StateOf(Study study, StudyResult result)
    {
        ArgumentNullException.ThrowIfNull(study);
        ArgumentNullException.ThrowIfNull(result);
        return result.SourceHash != StudySource.HashOf(study.GetType()) ? ResultState.Stale
            : result.Scale == StudyScale.Quick ? ResultState.Quick
            : ResultState.Current;
    }
}
