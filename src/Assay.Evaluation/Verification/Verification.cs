using System.Collections.Immutable;
using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Verification: do two examples share their identity? Judges embeddings or scores of pairs by the true-accept rate at fixed false-accept
/// rates (TAR@FAR), the equal error rate, the best accuracy and the overlap of both sorts of pairs, as in face recognition (Jung et al.
/// 2022, arXiv 2203.11593). A pair is accepted from its threshold on; of the thresholds, all of which are scores, the one whose FAR is
/// nearest the target counts, with the largest TAR of equals. Identities may be unseen in training.
/// </summary>
[Method("verification", Paper = 24, Kind = MethodKind.Benchmark)]
public static class Verification
{
    /// <summary>Judges embeddings by the cosines of all pairs. Intervals come from resampling identities.</summary>
    /// <param name="embeddings">(n, d); they need no unit length.</param>
    /// <param name="identities">The identity of each row.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">Lengths differ, a number is not finite, or one sort of pair is missing.</exception>
    public static VerificationReport OfEmbeddings(FloatMatrix embeddings, ReadOnlySpan<int> identities, VerificationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        options ??= new VerificationOptions();
        options.Check();
        if (identities.Length != embeddings.Rows)
            throw new ArgumentException($"{identities.Length} identities for {embeddings.Rows} embeddings", nameof(identities));
        var unit = Unit(embeddings, out var zeros);
        var who = identities.ToArray();
        var pairs = VerificationPairs.All(who, options);
        Score(unit, pairs);
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (zeros > 0)
            warnings.Add($"{zeros} embeddings are zero; their cosines count as 0");
        if (pairs.AreSampled)
            warnings.Add($"of all pairs {pairs.Count:n0} were drawn at random; raise the most to make for rarer false accepts");
        return Judge(pairs, options, RankOne(unit, who, options.Level), warnings);
    }

    /// <summary>Judges embeddings on given pairs.</summary>
    /// <param name="embeddings">(n, d).</param>
    /// <param name="pairs">Rows of the two examples and whether they share their identity.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    public static VerificationReport OfPairs(FloatMatrix embeddings, ReadOnlySpan<(int A, int B, bool Same)> pairs, VerificationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        var unit = Unit(embeddings, out _);
        var scores = new float[pairs.Length];
        var same = new bool[pairs.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            if ((uint)pairs[i].A >= (uint)unit.Rows || (uint)pairs[i].B >= (uint)unit.Rows)
                throw new ArgumentException($"pair {i} names rows {pairs[i].A} and {pairs[i].B}, there are {unit.Rows}", nameof(pairs));
            (scores[i], same[i]) = (TensorPrimitives.Dot(unit.Row(pairs[i].A), unit.Row(pairs[i].B)), pairs[i].Same);
        }
        return OfScores(scores, same, options);
    }

    /// <summary>Judges scores of pairs. Intervals are Wilson's and take the pairs for independent.</summary>
    /// <param name="scores">The higher, the more alike.</param>
    /// <param name="same">Whether each pair shares its identity.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">Lengths differ, a score is not finite, or one sort of pair is missing.</exception>
    public static VerificationReport OfScores(ReadOnlySpan<float> scores, ReadOnlySpan<bool> same, VerificationOptions? options = null)
    {
        options ??= new VerificationOptions();
        options.Check();
        if (scores.Length != same.Length)
            throw new ArgumentException($"{same.Length} labels for {scores.Length} scores", nameof(same));
        return Judge(VerificationPairs.Given(scores, same), options, null, ImmutableArray.CreateBuilder<string>());
    }

    private static VerificationReport Judge(VerificationPairs pairs, VerificationOptions options, Estimate? rankOne, ImmutableArray<string>.Builder warnings)
    {
        if (pairs.Positives == 0 || pairs.Negatives == 0)
            throw new ArgumentException($"both sorts of pairs are needed; there are {pairs.Positives} of one identity and {pairs.Negatives} of two");
        if (pairs.Scores.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue) || Array.Exists(pairs.Scores, float.IsNaN))
            throw new ArgumentException("a score is not finite");
        var curve = new VerificationCurve(pairs, options.FalseAcceptRates);
        var whole = curve.Read(null);
        var resampled = pairs.HasIdentities && options.Resamples > 1 ? Resample(curve, pairs, options) : null;
        var points = options.FalseAcceptRates.Select((target, i) =>
        {
            var point = whole.Points[i];
            var interval = resampled is null
                ? ProportionInterval.Wilson(Math.Round(point.Tar * pairs.Positives), pairs.Positives, options.Level)
                : BootstrapInterval.Percentile([.. resampled.Select(r => r.Points[i].Tar)], options.Level);
            var measurable = target == 0 || target * pairs.Negatives >= 1;
            return new OperatingPoint(target, measurable, point.Far, point.Threshold, new Estimate(point.Tar, measurable ? interval : Interval.Unknown with { Level = options.Level }));
        }).ToImmutableArray();
        if (points.Where(p => !p.IsMeasurable).Select(p => p.Target).ToArray() is { Length: > 0 } few)
            warnings.Add($"a FAR of {string.Join(", ", few.Select(f => f.ToString("0.#######e0", System.Globalization.CultureInfo.InvariantCulture)))} is not measurable with {pairs.Negatives:n0} negative pairs");
        var eer = new Estimate(whole.Eer, resampled is null ? Interval.Unknown with { Level = options.Level } : BootstrapInterval.Percentile([.. resampled.Select(r => r.Eer)], options.Level));
        return new VerificationReport(
            pairs.Positives, pairs.Negatives, points, eer, whole.Accuracy, whole.AccuracyThreshold, curve.Overlap, curve.Mean(true), curve.Mean(false), rankOne, curve.Histogram(40), warnings.ToImmutable());
    }

    private static VerificationCurve.Reading[]? Resample(VerificationCurve curve, VerificationPairs pairs, VerificationOptions options)
    {
        // Whole identities are drawn: pairs that share one are not independent. Very many pairs leave little to resample.
        var count = pairs.Count > 1_000_000 ? Math.Min(options.Resamples, 50) : options.Resamples;
        var readings = new VerificationCurve.Reading?[count];
        Parallel.For(0, count, r =>
        {
            var random = SeededRandom.At(options.Seed, 24, r);
            var weights = new int[pairs.IdentityCount];
            foreach (ref var weight in weights.AsSpan())
                weight = Poisson(random);
            readings[r] = curve.Read(weights);
        });
        // A resample without one sort of pairs has no rates.
        var defined = readings.OfType<VerificationCurve.Reading>().Where(r => r.IsDefined).ToArray();
        return defined.Length > 1 ? defined : null;
    }

    // Poisson(1) by inversion: the bootstrap's counts in the limit.
    private static int Poisson(SeededRandom random)
    {
        var (u, k, p) = (random.NextDouble(), 0, Math.Exp(-1));
        for (var sum = p; u >= sum && k < 12; sum += p)
            p /= ++k;
        return k;
    }

    private static FloatMatrix Unit(FloatMatrix embeddings, out int zeros)
    {
        zeros = 0;
        var values = embeddings.Values.ToArray();
        for (var i = 0; i < embeddings.Rows; i++)
        {
            var row = values.AsSpan(i * embeddings.Columns, embeddings.Columns);
            var norm = TensorPrimitives.Norm<float>(row);
            if (!float.IsFinite(norm))
                throw new ArgumentException($"embedding {i} is not finite", nameof(embeddings));
            if (norm > 0)
                TensorPrimitives.Divide(row, norm, row);
            else
                zeros++;
        }
        return new FloatMatrix(values, embeddings.Rows, embeddings.Columns);
    }

    private static void Score(FloatMatrix unit, VerificationPairs pairs) =>
        Parallel.For(0, (pairs.Count + 4095) / 4096, block =>
        {
            for (var i = block * 4096; i < Math.Min(pairs.Count, (block + 1) * 4096); i++)
                pairs.Scores[i] = TensorPrimitives.Dot(unit.Row(pairs.A[i]), unit.Row(pairs.B[i]));
        });

    private static Estimate? RankOne(FloatMatrix unit, int[] identities, double level)
    {
        var counts = identities.CountBy(i => i).ToDictionary();
        var probes = Enumerable.Range(0, identities.Length).Where(i => counts[identities[i]] > 1).ToArray();
        if (probes.Length == 0)
            return null;
        var right = 0;
        Parallel.ForEach(probes, probe =>
        {
            var (best, nearest) = (float.NegativeInfinity, -1);
            for (var j = 0; j < unit.Rows; j++)
            {
                if (j == probe || TensorPrimitives.Dot(unit.Row(probe), unit.Row(j)) is var s && !(s > best))
                    continue;
                (best, nearest) = (TensorPrimitives.Dot(unit.Row(probe), unit.Row(j)), j);
            }
            if (nearest >= 0 && identities[nearest] == identities[probe])
                Interlocked.Increment(ref right);
        });
        return new Estimate((double)right / probes.Length, ProportionInterval.Wilson(right, probes.Length, level));
    }
}
