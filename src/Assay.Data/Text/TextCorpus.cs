using System.Collections.Immutable;
using System.Text;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>A collection of documents, each with a stable id and a domain. Immutable.</summary>
public sealed class TextCorpus
{
    /// <summary>Creates a corpus.</summary>
    /// <param name="name">The name shown in reports.</param>
    /// <param name="ids">One unique id for each document.</param>
    /// <param name="documents">The documents.</param>
    /// <param name="domains">Where each document comes from.</param>
    /// <exception cref="ArgumentException">The parts differ in length, or an id is not unique.</exception>
    public TextCorpus(string name, ImmutableArray<string> ids, ImmutableArray<string> documents, CategoryColumn domains)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(domains);
        if (ids.Length != documents.Length || domains.Count != documents.Length)
            throw new ArgumentException($"corpus '{name}' has {documents.Length} documents, but {ids.Length} ids and {domains.Count} domains");
        if (ids.Length != ids.Distinct(StringComparer.Ordinal).Count())
            throw new ArgumentException($"corpus '{name}': id '{ids.GroupBy(i => i, StringComparer.Ordinal).First(g => g.Count() > 1).Key}' is not unique");
        Name = name;
        Ids = ids;
        Documents = documents;
        Domains = domains;
    }

    /// <summary>The name shown in reports.</summary>
    public string Name { get; }

    /// <summary>One unique id for each document.</summary>
    public ImmutableArray<string> Ids { get; }

    /// <summary>The documents.</summary>
    public ImmutableArray<string> Documents { get; }

    /// <summary>Where each document comes from.</summary>
    public CategoryColumn Domains { get; }

    /// <summary>The number of documents.</summary>
    public int Count => Documents.Length;

    /// <summary>The number of characters of all documents.</summary>
    public long CharacterCount => Documents.Sum(d => (long)d.Length);

    /// <summary>The given documents, in the given order.</summary>
    public TextCorpus Select(ReadOnlySpan<int> rows, string? name = null)
    {
        var ids = ImmutableArray.CreateBuilder<string>(rows.Length);
        var documents = ImmutableArray.CreateBuilder<string>(rows.Length);
        foreach (var row in rows)
        {
            ids.Add(Ids[row]);
            documents.Add(Documents[row]);
        }
        return new TextCorpus(name ?? Name, ids.ToImmutable(), documents.ToImmutable(), Domains.Select(rows));
    }

    /// <summary>The documents of one domain.</summary>
    /// <exception cref="ArgumentException">No document has that domain.</exception>
    public TextCorpus OfDomain(string domain)
    {
        var code = Domains.Names.IndexOf(domain);
        var rows = Enumerable.Range(0, Count).Where(i => Domains.Codes[i] == code).ToArray();
        return rows.Length > 0 ? Select(rows, $"{Name}/{domain}") : throw new ArgumentException($"corpus '{Name}' has no domain '{domain}'", nameof(domain));
    }

    /// <summary>The corpus as a dataset of texts and domains.</summary>
    public Dataset ToDataset() => new() { Name = Name, Ids = Ids, Texts = Documents, Domains = Domains };

    /// <summary>Loads a corpus.</summary>
    /// <param name="pathOrName">
    /// <c>dotnet-docs</c> (<see cref="DotNetDocs"/>); a folder of .txt and .md files, whose first subfolder is the domain; or a table (JSONL,
    /// CSV, Parquet) with a column of texts.
    /// </param>
    /// <param name="textColumn">The table's column of texts.</param>
    /// <param name="domainColumn">The table's column of domains; if it has none, all documents have the domain <c>all</c>.</param>
    /// <exception cref="InvalidDataException">A file has a defect, or there are no documents.</exception>
    /// <exception cref="FileNotFoundException">There is no such file or name.</exception>
    public static TextCorpus Load(string pathOrName, string textColumn = "text", string domainColumn = "domain")
    {
        ArgumentException.ThrowIfNullOrEmpty(pathOrName);
        if (Directory.Exists(pathOrName))
            return OfFolder(pathOrName);
        if (File.Exists(pathOrName))
            return OfTable(pathOrName, textColumn, domainColumn);
        return pathOrName.Equals(DotNetDocs.Name, StringComparison.OrdinalIgnoreCase)
            ? DotNetDocs.Load()
            : throw new FileNotFoundException($"'{pathOrName}' is neither a file, a folder nor the corpus {DotNetDocs.Name}", pathOrName);
    }

    private static TextCorpus OfTable(string path, string textColumn, string domainColumn)
    {
        var table = TableFile.Read(path, new TableReadOptions { TextColumns = [textColumn] });
        var rows = Enumerable.Range(0, table.RowCount).ToArray();
        var texts = (TextColumn)table[textColumn];
        var domains = table.Find(domainColumn) is TextColumn column ? column.ToCategories() : CategoryColumn.FromTexts(rows.Select(_ => "all"));
        var ids = table.Find("id") is TextColumn given && given.Values.Distinct(StringComparer.Ordinal).Count() == table.RowCount
            ? given.Values
            : TableDataset.RowIds(table.RowCount);
        var corpus = new TextCorpus(Path.GetFileNameWithoutExtension(path), ids, texts.Values, domains);
        var kept = rows.Where(r => !string.IsNullOrWhiteSpace(texts.Values[r])).ToArray();
        return kept.Length == 0 ? throw new InvalidDataException($"{path}: column '{textColumn}' has no text")
            : kept.Length == table.RowCount ? corpus : corpus.Select(kept);
    }

    private static TextCorpus OfFolder(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f).ToLowerInvariant() is ".txt" or ".md")
            .Select(f => Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal).ToArray();
        if (files.Length == 0)
            throw new InvalidDataException($"{folder}: there are no .txt or .md files");
        var encoding = new UTF8Encoding(false, throwOnInvalidBytes: true);
        var texts = files.Select(f => Read(Path.Combine(folder, f), encoding)).ToImmutableArray();
        var domains = files.Select(f => f.IndexOf('/', StringComparison.Ordinal) is > 0 and var at ? f[..at] : "all");
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new TextCorpus(name, [.. files], texts, CategoryColumn.FromTexts(domains));
    }

    private static string Read(string file, Encoding encoding)
    {
        try
        {
            return File.ReadAllText(file, encoding).ReplaceLineEndings("\n");
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{file}: not UTF-8 text; save the file as UTF-8", e);
        }
    }
}
