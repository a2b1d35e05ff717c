using System.Collections.Immutable;
using System.Text.Json;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A row of a robustness report.</summary>
/// <param name="Category">How the slice came about.</param>
/// <param name="Slice">Its identifier.</param>
/// <param name="Count">Its size.</param>
/// <param name="Accuracy">The accuracy with Wilson's interval.</param>
/// <param name="MacroF1">The mean F1 of the classes that occur; NaN for a single class.</param>
/// <param name="Difference">The accuracy minus that of the rest of the panel, or of the same rows unchanged.</param>
/// <param name="PValue">Of the difference: two proportions, or McNemar's test where rows correspond; NaN where there is no rest.</param>
/// <param name="AdjustedPValue">After Holm's correction over the slices.</param>
/// <param name="Classes">The share of each class.</param>
/// <param name="Predicted">The share of each predicted class.</param>
/// <param name="Note">The builder's remark.</param>
public sealed record RobustnessRow(
    SliceCategory Category, string Slice, int Count, Estimate Accuracy, double MacroF1, double Difference, double PValue, double AdjustedPValue,
    ImmutableArray<double> Classes, ImmutableArray<double> Predicted, string Note)
{
    /// <summary>Whether the slice is too small to be read.</summary>
    public bool IsSmall => Count < 25;

    /// <summary>Whether the slice is worse, and not by chance.</summary>
    public bool IsWeak => Difference < 0 && AdjustedPValue <= 0.05;
}

/// <summary>A robustness report: the slices of each category, the worst first, and all rows at the end.</summary>
/// <param name="Bench">The bench's name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Warnings">What makes rows doubtful.</param>
public sealed record RobustnessReport(string Bench, Version Version, ImmutableArray<RobustnessRow> Rows, ImmutableArray<string> Warnings);

/// <summary>
/// A bench of slices for any text classifier (Robustness Gym, arXiv 2101.04840): subpopulations, transformations, evaluation sets and
/// attacks in one versioned report. Removing slices makes a new major version, adding them a minor one. Intervals, tests and Holm's
/// correction are ours.
/// </summary>
[Method("robustness-bench", Paper = 50, Kind = MethodKind.Benchmark)]
public sealed class TestBench
{
    private readonly List<PanelSlice> slices = [];

    /// <summary>Creates a bench.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="panel">The panel.</param>
    public TestBench(string name, Panel panel)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(panel);
        (Name, Panel) = (name, panel);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The panel.</summary>
    public Panel Panel { get; }

    /// <summary>The version.</summary>
    public Version Version { get; private set; } = new(1, 0, 0);

    /// <summary>The slices in the order they were added.</summary>
    public IReadOnlyList<PanelSlice> Slices => slices;

    /// <summary>Adds slices; empty ones are dropped, those with a known identifier ignored.</summary>
    /// <returns>How many were added.</returns>
    public int Add(IEnumerable<PanelSlice> added)
    {
        ArgumentNullException.ThrowIfNull(added);
        var before = slices.Count;
        foreach (var slice in added)
        {
            if (slice.Rows.Any(r => r < 0 || r >= Panel.Count) || (slice.IsChanged && slice.Texts.Length != slice.Rows.Length))
                throw new ArgumentException($"slice '{slice.Identifier}' does not fit the panel of {Panel.Count} rows", nameof(added));
            if (!slice.Rows.IsEmpty && slices.All(s => s.Identifier != slice.Identifier))
                slices.Add(slice);
        }
        if (slices.Count > before)
            Version = new Version(Version.Major, Version.Minor + 1, 0);
        return slices.Count - before;
    }

    /// <summary>Adds the slices of a builder.</summary>
    /// <inheritdoc cref="Add(IEnumerable{PanelSlice})"/>
    public int Add(SliceBuilder builder, TextModel? model = null, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Add(builder.Build(Panel, model, seed));
    }

    /// <summary>Removes a slice.</summary>
    public bool Remove(string identifier)
    {
        var isRemoved = slices.RemoveAll(s => s.Identifier == identifier) > 0;
        if (isRemoved)
            Version = new Version(Version.Major + 1, 0, 0);
        return isRemoved;
    }

    /// <summary>Asks the model once about every distinct text and reports.</summary>
    public RobustnessReport Evaluate(TextModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        string[] texts = [.. Panel.Texts().Concat(slices.Where(s => s.IsChanged).SelectMany(s => s.Texts)).Distinct(StringComparer.Ordinal)];
        var scores = model(texts);
        if (scores.Rows != texts.Length || scores.Columns != Panel.ClassNames.Length)
            throw new ArgumentException($"the model gave {scores.Rows}×{scores.Columns} scores for {texts.Length} texts and {Panel.ClassNames.Length} classes", nameof(model));
        var predicted = texts.Select((t, i) => (t, Class: Predictions.ArgMax(scores.Row(i)))).ToDictionary(p => p.t, p => p.Class, StringComparer.Ordinal);
        return Report((slice, i) => predicted[slice is { IsChanged: true } ? slice.Texts[i] : Panel.Texts()[slice?.Rows[i] ?? i]]);
    }

    /// <summary>Reports predictions that were made elsewhere.</summary>
    /// <param name="predicted">Gives the predicted class of a slice's i-th row, or with null for the slice of the panel's row i.</param>
    public RobustnessReport Report(Func<PanelSlice?, int, int> predicted)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        int[] whole = [.. Enumerable.Range(0, Panel.Count).Select(i => predicted(null, i))];
        var right = whole.Select((p, i) => p == Panel.Labels[i]).ToArray();
        var (total, rows, warnings) = (right.Count(r => r), new List<RobustnessRow>(), new List<string>());
        foreach (var slice in slices)
        {
            int[] guesses = [.. slice.Rows.Select((_, i) => predicted(slice, i))];
            bool[] own = [.. slice.Rows.Select((r, i) => guesses[i] == Panel.Labels[r])];
            var (n, hits) = (own.Length, own.Count(o => o));
            var (difference, p) = (double.NaN, double.NaN);
            if (slice.IsChanged)
            {
                bool[] before = [.. slice.Rows.Select(r => right[r])];
                (difference, p) = ((double)(hits - before.Count(b => b)) / n, McNemarTest.Of(before, own).PValue);
            }
            else if (n < Panel.Count)
            {
                difference = (double)hits / n - (double)(total - hits) / (Panel.Count - n);
                p = ProportionDifferenceTest.Of(hits, n, total - hits, Panel.Count - n).PValue;
            }
            else
                warnings.Add($"slice '{slice.Identifier}' holds all rows");
            rows.Add(Row(slice.Category, slice.Identifier, [.. slice.Rows.Select(r => Panel.Labels[r])], guesses, difference, p, slice.Note));
        }
        var adjusted = MultipleComparisons.Adjust([.. rows.Select(r => r.PValue)]);
        var order = rows.Select((r, i) => r with { AdjustedPValue = adjusted[i] }).OrderBy(r => r.Category).ThenBy(r => r.IsSmall).ThenBy(r => r.Accuracy.Value);
        return new RobustnessReport(Name, Version, [.. order, Row(SliceCategory.All, "all rows", [.. Panel.Labels], whole, double.NaN, double.NaN, "")], [.. warnings]);
    }

    /// <summary>Writes the bench: name, version, and the rows (and changed texts) of every slice.</summary>
    public void Save(string path)
    {
        var file = new BenchFile(Name, Version.ToString(), Panel.Name, [.. slices.Select(s => new SliceFile(s.Identifier, s.Category, [.. s.Rows.Select(r => Panel.Ids[r])], s.IsChanged ? [.. s.Texts] : null, s.Note))]);
        Data.AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, file, JsonSerializerOptions.Web));
    }

    /// <summary>Reads a bench for a panel that has all its rows.</summary>
    /// <exception cref="InvalidDataException">The file is no bench, or names an id that the panel lacks.</exception>
    public static TestBench Load(string path, Panel panel)
    {
        ArgumentNullException.ThrowIfNull(panel);
        BenchFile file;
        try
        {
            file = JsonSerializer.Deserialize<BenchFile>(File.ReadAllBytes(path), JsonSerializerOptions.Web) ?? throw new JsonException("null");
            if (file.Name is null || file.Slices is null || file.Slices.Any(s => s?.Identifier is null || s.Rows is null))
                throw new JsonException("name or slices are missing");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: no bench: {e.Message}", e);
        }
        var rows = panel.Ids.Select((id, i) => (id, i)).ToDictionary(p => p.id, p => p.i, StringComparer.Ordinal);
        var bench = new TestBench(file.Name, panel);
        bench.Add(file.Slices.Select(s => new PanelSlice(s.Identifier, s.Category,
            [.. s.Rows.Select(id => rows.TryGetValue(id, out var row) ? row : throw new InvalidDataException($"{path}: slice '{s.Identifier}': id '{id}' is not in {panel.Name}"))], s.Texts is null ? default : [.. s.Texts], s.Note)));
        bench.Version = Version.TryParse(file.Version, out var version) ? version : throw new InvalidDataException($"{path}: '{file.Version}' is no version");
        return bench;
    }

    private RobustnessRow Row(SliceCategory category, string name, int[] labels, int[] guesses, double difference, double p, string note)
    {
        var k = Panel.ClassNames.Length;
        var hits = labels.Zip(guesses).Count(x => x.First == x.Second);
        double[] f1 = [.. Enumerable.Range(0, k).Select(c => (Hits: labels.Zip(guesses).Count(x => x.First == c && x.Second == c), All: labels.Count(l => l == c) + guesses.Count(g => g == c), Occurs: labels.Contains(c)))
            .Where(c => c.Occurs).Select(c => 2.0 * c.Hits / c.All)];
        ImmutableArray<double> Shares(int[] of) => [.. Enumerable.Range(0, k).Select(c => (double)of.Count(o => o == c) / of.Length)];
        return new RobustnessRow(category, name, labels.Length, new Estimate((double)hits / labels.Length, ProportionInterval.Wilson(hits, labels.Length)), f1.Length > 1 ? f1.Average() : double.NaN, difference, p, p, Shares(labels), Shares(guesses), note);
    }

    private sealed record BenchFile(string Name, string Version, string Panel, SliceFile[] Slices);

    private sealed record SliceFile(string Identifier, SliceCategory Category, string[] Rows, string[]? Texts, string Note);
}
