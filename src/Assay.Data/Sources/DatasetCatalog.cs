using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>What a catalog entry is used for.</summary>
public enum DatasetTask
{
    /// <summary>Examples with class labels.</summary>
    Classification,
    /// <summary>Examples with real-valued targets.</summary>
    Regression,
    /// <summary>Documents.</summary>
    Text,
}

/// <summary>A data set that is known by name.</summary>
/// <param name="Name">The name that commands and <see cref="DatasetFile.Load"/> take.</param>
/// <param name="Task">What it is used for.</param>
/// <param name="Examples">The number of examples; 0 where it depends on the machine.</param>
/// <param name="Shape">The shape of one example.</param>
/// <param name="Classes">The number of classes, or 0.</param>
/// <param name="Description">What it is, in a sentence.</param>
/// <param name="Source">Who published it where, with the licence.</param>
/// <param name="Where">Where it comes from: inside the command, a download, or the machine.</param>
public sealed record CatalogEntry(
    string Name, DatasetTask Task, int Examples, ImmutableArray<int> Shape, int Classes, string Description, string Source, string Where);

/// <summary>The data sets that need no path: small real ones inside the assembly, and larger ones that are fetched once.</summary>
public static class DatasetCatalog
{
    private const string Uci = "UCI Machine Learning Repository, CC BY 4.0";

    /// <summary>All entries.</summary>
    public static ImmutableArray<CatalogEntry> List { get; } =
    [
        new("digits", DatasetTask.Classification, 1797, [1, 8, 8], 10, "8×8 images of handwritten digits, scaled to [0, 1].", $"Alpaydin & Kaynak 1998, {Uci}", "built in"),
        new("iris", DatasetTask.Classification, 150, [4], 3, "Iris flowers of three species by four lengths.", $"Fisher 1936, {Uci}", "built in"),
        new("wine", DatasetTask.Classification, 178, [13], 3, "Wines of three cultivars by chemical analysis.", $"Aeberhard & Forina 1992, {Uci}", "built in"),
        new("breast-cancer", DatasetTask.Classification, 569, [30], 2, "Malignant and benign breast masses by the shape of cell nuclei.", $"Wolberg et al. 1993, {Uci}", "built in"),
        new("diabetes", DatasetTask.Regression, 442, [10], 0, "Progression of diabetes one year after ten baseline measurements, in original units.", "Efron et al. 2004, Least Angle Regression", "built in"),
        new(FashionMnist.Name, DatasetTask.Classification, 60_000, [1, 28, 28], 10, "28×28 images of clothes, scaled to [0, 1]; fashion-mnist:test has 10 000 more.", "Xiao, Rasul & Vollgraf 2017, MIT licence", "download (30 MB)"),
        new(DotNetDocs.Name, DatasetTask.Text, 0, [], 0, "The English prose of .NET's API documentation, one document for each member; assemblies are domains.", "Microsoft and contributors, .NET SDK, MIT licence", "the installed .NET SDK"),
    ];

    /// <summary>Whether a name is in the catalog, without regard to case and to a part such as <c>:test</c>.</summary>
    public static bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return List.Any(e => e.Name.Equals(Split(name).Name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Loads a data set. What lies outside the assembly is verified by hash.</summary>
    /// <param name="name">The name, without regard to case; with <c>:test</c> for the test part of a set that has one.</param>
    /// <exception cref="ArgumentException">No entry has that name; the message lists them.</exception>
    /// <exception cref="FileNotFoundException">It must be fetched first; the message says how.</exception>
    /// <exception cref="InvalidDataException">The stored data does not have the expected hash.</exception>
    public static Dataset Load(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var (bare, part) = Split(name);
        if (part is null && EmbeddedData.All.FirstOrDefault(e => e.Name.Equals(bare, StringComparison.OrdinalIgnoreCase)) is { } embedded)
            return embedded.Load();
        if (part is null && bare.Equals(DotNetDocs.Name, StringComparison.OrdinalIgnoreCase))
            return DotNetDocs.Load().ToDataset();
        if (bare.Equals(FashionMnist.Name, StringComparison.OrdinalIgnoreCase) && part is null or "train" or "test")
            return new FashionMnist().Load(part == "test");
        throw Contains(name)
            ? new ArgumentException($"data set '{bare}' has no part '{part}'", nameof(name))
            : new ArgumentException($"no data set is called '{bare}'{Spelling.Suggestion(bare, List.Select(e => e.Name))}; there are: {string.Join(", ", List.Select(e => e.Name))}", nameof(name));
    }

    /// <summary>The entry of that name, without regard to case and to a part such as <c>:test</c>.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those there are.</exception>
    public static CatalogEntry Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var bare = Split(name).Name;
        return List.FirstOrDefault(e => e.Name.Equals(bare, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"no data set is called '{bare}'{Spelling.Suggestion(bare, List.Select(e => e.Name))}; there are: {string.Join(", ", List.Select(e => e.Name))}");
    }

    /// <summary>Where an entry lies on this machine ("built in", a folder, a version), or null where it must be fetched first.</summary>
    public static string? PlaceOf(CatalogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.Name switch
        {
            FashionMnist.Name => new FashionMnist().InstalledFolder,
            DotNetDocs.Name => DotNetDocs.InstalledVersion() is { } version ? $"the .NET SDK's documentation, version {version}" : null,
            _ => entry.Where,
        };
    }

    private static (string Name, string? Part) Split(string name) =>
        name.IndexOf(':', StringComparison.Ordinal) is >= 0 and var at ? (name[..at], name[(at + 1)..]) : (name, null);
}
