using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>How often a category occurs.</summary>
/// <param name="Name">The category.</param>
/// <param name="Count">The number of examples.</param>
public readonly record struct CategoryCount(string Name, int Count);

/// <summary>The distribution of numbers: a feature, all pixels, or the targets. Moments and extremes are those of the values that are present.</summary>
/// <param name="Name">The feature.</param>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The standard deviation, over n − 1.</param>
/// <param name="Least">The least value.</param>
/// <param name="Greatest">The greatest value.</param>
/// <param name="Missing">How many values are missing.</param>
public sealed record FeatureSummary(string Name, double Mean, double Deviation, double Least, double Greatest, int Missing)
{
    /// <summary>Summarises values; NaN is a missing one.</summary>
    internal static FeatureSummary Of(string name, ReadOnlySpan<float> values, int stride = 1, int offset = 0)
    {
        var (count, sum, missing, least, greatest) = (0, 0.0, 0, double.PositiveInfinity, double.NegativeInfinity);
        for (var i = offset; i < values.Length; i += stride)
        {
            var v = values[i];
            if (float.IsNaN(v))
            {
                missing++;
                continue;
            }
            count++;
            sum += v;
            least = Math.Min(least, v);
            greatest = Math.Max(greatest, v);
        }
        if (count == 0)
            return new FeatureSummary(name, double.NaN, double.NaN, double.NaN, double.NaN, missing);
        var (mean, squares) = (sum / count, 0.0);
        for (var i = offset; i < values.Length; i += stride)
        {
            if (!float.IsNaN(values[i]))
                squares += (values[i] - mean) * (values[i] - mean);
        }
        return new FeatureSummary(name, mean, count > 1 ? Math.Sqrt(squares / (count - 1)) : double.NaN, least, greatest, missing);
    }
}

/// <summary>Examples that occur more than once: equal in every feature and text; ids, labels and targets do not count.</summary>
/// <param name="Examples">How many examples equal an earlier one.</param>
/// <param name="OtherLabel">How many of them carry another label than the first of their like: one of the two must be wrong.</param>
public readonly record struct DuplicateCount(int Examples, int OtherLabel);

/// <summary>What a dataset holds, for people to read: sizes, classes, features, missing values, duplicates and a few texts.</summary>
public sealed record DatasetSummary
{
    private const int Previews = 3, PreviewLength = 160;

    /// <summary>The dataset's name.</summary>
    public required string Name { get; init; }

    /// <summary>The number of examples.</summary>
    public required int Count { get; init; }

    /// <summary>The shape of one example; empty without features.</summary>
    public ImmutableArray<int> Shape { get; init; } = [];

    /// <summary>The classes in order, or empty.</summary>
    public ImmutableArray<CategoryCount> Classes { get; init; } = [];

    /// <summary>The features by name; for images one entry of all pixels.</summary>
    public ImmutableArray<FeatureSummary> Features { get; init; } = [];

    /// <summary>The targets, or null.</summary>
    public FeatureSummary? Targets { get; init; }

    /// <summary>The domains, most frequent first, or empty.</summary>
    public ImmutableArray<CategoryCount> Domains { get; init; } = [];

    /// <summary>The number of groups, or 0.</summary>
    public int Groups { get; init; }

    /// <summary>The number of feature values that are missing.</summary>
    public int Missing { get; init; }

    /// <summary>The examples that occur more than once.</summary>
    public DuplicateCount Duplicates { get; init; }

    /// <summary>The mean length of the texts in characters, or null.</summary>
    public double? MeanTextLength { get; init; }

    /// <summary>The beginnings of the first texts.</summary>
    public ImmutableArray<string> Texts { get; init; } = [];

    /// <summary>Summarises a dataset.</summary>
    public static DatasetSummary Of(Dataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var features = Summaries(data);
        return new DatasetSummary
        {
            Name = data.Name,
            Count = data.Count,
            Shape = data.FeatureShape,
            Classes = Counts(data.Labels, data.ClassNames),
            Features = features,
            Targets = data.HasTargets ? FeatureSummary.Of("target", data.Targets.AsSpan()) : null,
            Domains = data.Domains is { } domains ? [.. Counts(domains.Codes, domains.Names).OrderByDescending(c => c.Count)] : [],
            Groups = data.Groups?.Codes.Distinct().Count() ?? 0,
            Missing = features.Sum(f => f.Missing),
            Duplicates = CountDuplicates(data),
            MeanTextLength = data.Texts.IsEmpty ? null : data.Texts.Average(t => (double)t.Length),
            Texts = [.. data.Texts.Take(Previews).Select(t => Preview(t))],
        };
    }

    /// <summary>The beginning of a text in one line.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">The most characters.</param>
    public static string Preview(string text, int length = PreviewLength)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= length ? line : string.Concat(line.AsSpan(0, length - 1).TrimEnd(), "…");
    }

    private static ImmutableArray<CategoryCount> Counts(ImmutableArray<int> codes, ImmutableArray<string> names)
    {
        var counts = new int[names.Length];
        foreach (var code in codes)
            counts[code]++;
        return codes.IsEmpty ? [] : [.. names.Zip(counts, (n, c) => new CategoryCount(n, c))];
    }

    private static ImmutableArray<FeatureSummary> Summaries(Dataset data)
    {
        if (data.Features is not { Columns: > 0 } features)
            return [];
        if (data.FeatureNames.IsEmpty)
            return [FeatureSummary.Of("all values", features.Values)];
        var summaries = new FeatureSummary[features.Columns];
        Parallel.For(0, summaries.Length, c => summaries[c] = FeatureSummary.Of(data.FeatureNames[c], features.Values, features.Columns, c));
        return ImmutableCollectionsMarshal.AsImmutableArray(summaries);
    }

    private static DuplicateCount CountDuplicates(Dataset data)
    {
        if (data.Features is null && data.Texts.IsEmpty)
            return default;
        var firsts = new Dictionary<int, int>(data.Count, new SameExample(data));
        var (repeated, contradicting) = (0, 0);
        for (var i = 0; i < data.Count; i++)
        {
            if (firsts.TryAdd(i, i))
                continue;
            repeated++;
            if (data.HasLabels && data.Labels[firsts[i]] != data.Labels[i])
                contradicting++;
        }
        return new DuplicateCount(repeated, contradicting);
    }

    // Rows compared by content; each row's hash is computed once, on all cores.
    private sealed class SameExample : IEqualityComparer<int>
    {
        private readonly FloatMatrix? features;
        private readonly ImmutableArray<string> texts;
        private readonly int[] hashes;

        public SameExample(Dataset data)
        {
            (features, texts, hashes) = (data.Features, data.Texts, new int[data.Count]);
            Parallel.For(0, hashes.Length, i =>
            {
                var hash = new HashCode();
                if (features is not null)
                    hash.AddBytes(MemoryMarshal.AsBytes(features.Row(i)));
                if (!texts.IsEmpty)
                    hash.Add(texts[i], StringComparer.Ordinal);
                hashes[i] = hash.ToHashCode();
            });
        }

        public int GetHashCode(int row) => hashes[row];

        public bool Equals(int a, int b) =>
            hashes[a] == hashes[b]
            && (features is null || MemoryMarshal.AsBytes(features.Row(a)).SequenceEqual(MemoryMarshal.AsBytes(features.Row(b))))
            && (texts.IsEmpty || texts[a] == texts[b]);
    }
}
