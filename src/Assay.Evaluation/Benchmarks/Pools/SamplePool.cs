using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>Who won a direct comparison of two models on one sample.</summary>
public enum PairOutcome
{
    /// <summary>The first model.</summary>
    First,
    /// <summary>The second model.</summary>
    Second,
    /// <summary>Neither.</summary>
    Tie,
}

/// <summary>A judge's comparison of two models on one sample, where there are no scores.</summary>
/// <param name="Sample">The sample's index.</param>
/// <param name="First">A model's index.</param>
/// <param name="Second">Another model's.</param>
/// <param name="Outcome">Who won.</param>
public readonly record struct PairResult(int Sample, int First, int Second, PairOutcome Outcome);

/// <summary>
/// The pool of ONEBench (Ghosh et al. 2024): results of many models on samples of any benchmarks, most cells missing. Scores are numbers of
/// any scale (0/1, points, lengths); only their order within one sample is used, so that metrics mix and a missing cell simply makes no
/// comparison. Direct comparisons stand beside the scores. A result of NaN is a missing one. Immutable.
/// </summary>
public sealed class SamplePool
{
    // Sample s has the measurements starts[s] … starts[s + 1] − 1, models rising.
    private readonly int[] starts;
    private readonly int[] models;
    private readonly double[] scores;
    private readonly PairResult[] pairs; // by sample
    private readonly ImmutableArray<string> sampleIds;

    private SamplePool(ImmutableArray<string> names, ImmutableArray<string> sampleIds, int[] starts, int[] models, double[] scores, PairResult[] pairs)
    {
        (Models, this.sampleIds, this.starts, this.models, this.scores, this.pairs) = (names, sampleIds, starts, models, scores, pairs);
        Metadata = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;
    }

    /// <summary>The names of the models.</summary>
    public ImmutableArray<string> Models { get; }

    /// <summary>The number of samples.</summary>
    public int SampleCount => starts.Length - 1;

    /// <summary>The number of scores.</summary>
    public int MeasurementCount => scores.Length;

    /// <summary>The direct comparisons, by sample.</summary>
    public ReadOnlySpan<PairResult> Pairs => pairs;

    /// <summary>The share of the models × samples cells that hold a score.</summary>
    public double Density => (double)MeasurementCount / ((double)SampleCount * Models.Length);

    /// <summary>What is known of the samples: for each field (dataset, metric, text, …) one text for each sample, empty where unknown.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Metadata { get; private init; }

    /// <summary>How many (model, sample) cells were given more than once; their mean is kept.</summary>
    public int DuplicateCount { get; private init; }

    /// <summary>The sample's id.</summary>
    public string SampleId(int sample) => sampleIds.IsEmpty ? $"{sample}" : sampleIds[sample];

    /// <summary>A field of a sample, empty where it is unknown.</summary>
    public string MetadataOf(int sample, string field) => Metadata.TryGetValue(field, out var values) ? values[sample] : "";

    /// <summary>The measured models of a sample, rising, and their scores.</summary>
    public (ReadOnlyMemory<int> Models, ReadOnlyMemory<double> Scores) Sample(int sample) =>
        (models.AsMemory(starts[sample], starts[sample + 1] - starts[sample]), scores.AsMemory(starts[sample], starts[sample + 1] - starts[sample]));

    internal ReadOnlySpan<int> ModelsOf(int sample) => models.AsSpan(starts[sample], starts[sample + 1] - starts[sample]);

    internal ReadOnlySpan<double> ScoresOf(int sample) => scores.AsSpan(starts[sample], starts[sample + 1] - starts[sample]);

    /// <summary>
    /// Builds a pool from measurements in any order, in time linear in their number. Several results of one model on one sample become their mean.
    /// </summary>
    /// <param name="names">The models' names, all different.</param>
    /// <param name="sampleCount">The number of samples.</param>
    /// <param name="model">The model of each measurement.</param>
    /// <param name="sample">The sample of each measurement.</param>
    /// <param name="score">The score of each measurement; NaN is a missing one.</param>
    /// <param name="pairs">Direct comparisons, or null.</param>
    /// <param name="sampleIds">The samples' ids, or empty for their numbers.</param>
    /// <exception cref="ArgumentException">Lengths differ, an index is out of range, a score is infinite, names repeat, or there are no samples.</exception>
    public static SamplePool Of(
        ImmutableArray<string> names, int sampleCount, ReadOnlySpan<int> model, ReadOnlySpan<int> sample, ReadOnlySpan<double> score, IReadOnlyCollection<PairResult>? pairs = null,
        ImmutableArray<string> sampleIds = default)
    {
        Check(names, sampleCount, model, sample, score, pairs ?? [], sampleIds);
        var ids = sampleIds.IsDefault ? [] : sampleIds;
        var bounds = new int[sampleCount + 1];
        for (var i = 0; i < score.Length; i++)
            bounds[sample[i] + 1] += double.IsNaN(score[i]) ? 0 : 1;
        for (var s = 0; s < sampleCount; s++)
            bounds[s + 1] += bounds[s];
        var next = bounds.AsSpan(0, sampleCount).ToArray();
        var (placedModels, placedScores) = (new int[bounds[^1]], new double[bounds[^1]]);
        for (var i = 0; i < score.Length; i++)
        {
            if (double.IsNaN(score[i]))
                continue;
            var place = next[sample[i]]++;
            (placedModels[place], placedScores[place]) = (model[i], score[i]);
        }
        var duplicates = SortAndMerge(bounds, ref placedModels, ref placedScores);
        return new SamplePool(names, ids, bounds, placedModels, placedScores, [.. (pairs ?? []).OrderBy(p => p.Sample)]) { DuplicateCount = duplicates };
    }

    /// <summary>Some of the samples, in the given order. All models stay.</summary>
    /// <exception cref="ArgumentException">There are none, or one is out of range.</exception>
    public SamplePool Select(IReadOnlyList<int> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0)
            throw new ArgumentException("no sample is left", nameof(samples));
        var (keptModels, keptScores, keptPairs) = (new List<int>(), new List<double>(), new List<PairResult>());
        var bounds = new int[samples.Count + 1];
        for (var i = 0; i < samples.Count; i++)
        {
            if ((uint)samples[i] >= (uint)SampleCount)
                throw new ArgumentException($"samples between 0 and {SampleCount - 1} were expected, not {samples[i]}", nameof(samples));
            keptModels.AddRange(ModelsOf(samples[i]));
            keptScores.AddRange(ScoresOf(samples[i]));
            foreach (var pair in PairsOf(samples[i]))
                keptPairs.Add(pair with { Sample = i });
            bounds[i + 1] = keptModels.Count;
        }
        return new SamplePool(Models, [.. samples.Select(SampleId)], bounds, [.. keptModels], [.. keptScores], [.. keptPairs])
        {
            Metadata = Metadata.ToImmutableSortedDictionary(f => f.Key, f => samples.Select(s => f.Value[s]).ToImmutableArray(), Metadata.KeyComparer),
        };
    }

    /// <summary>Only the measurements that a predicate of (sample, model) keeps; direct comparisons stay.</summary>
    public SamplePool Where(Func<int, int, bool> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        var (keptModels, keptScores) = (new List<int>(), new List<double>());
        var bounds = new int[starts.Length];
        for (var s = 0; s < SampleCount; s++)
        {
            for (var i = starts[s]; i < starts[s + 1]; i++)
            {
                if (!keep(s, models[i]))
                    continue;
                keptModels.Add(models[i]);
                keptScores.Add(scores[i]);
            }
            bounds[s + 1] = keptModels.Count;
        }
        return new SamplePool(Models, sampleIds, bounds, [.. keptModels], [.. keptScores], pairs) { Metadata = Metadata };
    }

    /// <summary>The same results with these fields of the samples added or replaced.</summary>
    /// <exception cref="ArgumentException">A field has not one value for each sample.</exception>
    public SamplePool WithMetadata(params ReadOnlySpan<(string Field, ImmutableArray<string> Values)> fields)
    {
        var metadata = Metadata;
        foreach (var (field, values) in fields)
        {
            if (values.Length != SampleCount)
                throw new ArgumentException($"field '{field}' has {values.Length} values for {SampleCount} samples", nameof(fields));
            metadata = metadata.SetItem(field, values);
        }
        return new SamplePool(Models, sampleIds, starts, models, scores, pairs) { Metadata = metadata, DuplicateCount = DuplicateCount };
    }

    internal ReadOnlySpan<PairResult> PairsOf(int sample)
    {
        var low = LowerBound(sample);
        return pairs.AsSpan(low, LowerBound(sample + 1) - low);
    }

    private int LowerBound(int sample)
    {
        int low = 0, high = pairs.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (pairs[middle].Sample < sample)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static int SortAndMerge(int[] bounds, ref int[] models, ref double[] scores)
    {
        var (write, duplicates, begin) = (0, 0, 0);
        for (var s = 0; s + 1 < bounds.Length; s++)
        {
            var end = bounds[s + 1];
            var m = models.AsSpan(begin, end - begin);
            var x = scores.AsSpan(begin, end - begin);
            m.Sort(x);
            bounds[s] = write;
            for (var i = 0; i < m.Length;)
            {
                var (sum, same) = (x[i], 1);
                while (i + same < m.Length && m[i + same] == m[i])
                    sum += x[i + same++];
                (models[write], scores[write++]) = (m[i], same == 1 ? x[i] : sum / same);
                duplicates += same - 1;
                i += same;
            }
            begin = end;
        }
        bounds[^1] = write;
        if (duplicates > 0)
        {
            Array.Resize(ref models, write);
            Array.Resize(ref scores, write);
        }
        return duplicates;
    }

    private static void Check(
        ImmutableArray<string> names, int sampleCount, ReadOnlySpan<int> model, ReadOnlySpan<int> sample, ReadOnlySpan<double> score, IReadOnlyCollection<PairResult> pairs, ImmutableArray<string> ids)
    {
        if (names.IsDefaultOrEmpty || names.Distinct(StringComparer.Ordinal).Count() != names.Length)
            throw new ArgumentException("models with different names were expected", nameof(names));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleCount);
        if (model.Length != score.Length || sample.Length != score.Length)
            throw new ArgumentException($"{model.Length} models and {sample.Length} samples for {score.Length} scores", nameof(score));
        if (!ids.IsDefaultOrEmpty && ids.Length != sampleCount)
            throw new ArgumentException($"{ids.Length} ids for {sampleCount} samples", nameof(ids));
        if (model.ContainsAnyExceptInRange(0, names.Length - 1) || sample.ContainsAnyExceptInRange(0, sampleCount - 1))
            throw new ArgumentException($"models below {names.Length} and samples below {sampleCount} were expected", nameof(model));
        for (var i = 0; i < score.Length; i++)
        {
            if (double.IsInfinity(score[i]))
                throw new ArgumentException($"measurement {i} of model '{names[model[i]]}' is infinite", nameof(score));
        }
        foreach (var pair in pairs)
        {
            if ((uint)pair.First >= (uint)names.Length || (uint)pair.Second >= (uint)names.Length || pair.First == pair.Second || (uint)pair.Sample >= (uint)sampleCount)
                throw new ArgumentException($"the comparison {pair} is not of two of {names.Length} models on one of {sampleCount} samples", nameof(pairs));
        }
    }
}
