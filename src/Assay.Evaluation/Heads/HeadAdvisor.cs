using System.Collections.Immutable;
using System.Collections.Concurrent;
using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Says which linear head suits features and the number of labels at hand (Zheng et al. 2023, arXiv 2302.02334): fits naive Bayes with shared
/// variances and logistic regression on random subsets of growing size, scaled to [0, 1] by each subset, and compares their curves. Naive
/// Bayes approaches its floor with O(log n) rows, n features, logistic regression with O(n); its floor is the higher one where features are
/// dependent. So there are two regimes, which meet at m*.
/// </summary>
[Method("head-advisor", Paper = 63, Kind = MethodKind.Diagnostic)]
public static class HeadAdvisor
{
    private const int MostDraws = 100;

    /// <summary>Compares the heads.</summary>
    /// <param name="train">The features of the labelled rows.</param>
    /// <param name="labels">Their classes, 0 … k − 1.</param>
    /// <param name="test">The features of test rows.</param>
    /// <param name="testLabels">Their classes.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <param name="progress">Takes reports, or null.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ArgumentException">Data do not fit, a class is missing, or a feature is not finite.</exception>
    public static HeadComparison Compare(
        FloatMatrix train, ReadOnlySpan<int> labels, FloatMatrix test, ReadOnlySpan<int> testLabels, HeadComparisonOptions? options = null, IProgress<ProgressUpdate>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        options ??= new HeadComparisonOptions();
        var (y, truth) = (labels.ToArray(), testLabels.ToArray());
        var classes = Check(train, y, test, truth);
        options.Check(train.Rows, classes);
        ImmutableArray<int> grid = options.Grid.IsDefaultOrEmpty ? DefaultGrid(train.Rows, classes) : [.. options.Grid.Distinct().Order()];
        var trials = grid.SelectMany(m => Enumerable.Range(0, options.Repeats).Select(r => (M: m, Repeat: r))).ToArray();
        var results = new ConcurrentDictionary<(int M, int Repeat), Trial>();
        var done = 0;
        // The large subsets first: they take longest.
        Parallel.ForEach(trials.Reverse(), new ParallelOptions { CancellationToken = cancellation }, t =>
        {
            if (Subset(y, classes, t.M, SeededRandom.At(options.Seed, 63, t.M, t.Repeat)) is { } rows)
                results[t] = Trial.Run(train.Select(rows), [.. rows.Select(i => y[i])], test, truth, classes, options);
            progress?.Report(new ProgressUpdate("fitting heads", Interlocked.Increment(ref done), trials.Length));
        });
        var warnings = ImmutableArray.CreateBuilder<string>();
        foreach (var m in grid.Where(m => !results.Keys.Any(k => k.M == m)))
            warnings.Add($"no subset of {m} rows held every class in {MostDraws} draws; it is left out");
        ImmutableArray<Trial[]> byM = [.. grid.Select(m => Enumerable.Range(0, options.Repeats).Select(r => results.GetValueOrDefault((m, r))).OfType<Trial>().ToArray()).Where(t => t.Length > 0)];
        if (byM.IsEmpty)
            throw new ArgumentException("no subset held every class: take larger numbers of rows");
        return Summarise(train, y, classes, byM, options, warnings);
    }

    /// <summary>
    /// With p = softmax, an upper bound of the excess zero-one error by the excess log-loss, √(2·excess), for a family that can fit the conditional
    /// law (Pinsker's form; the paper's multi-class bound is of the same order, its constant inferred).
    /// </summary>
    public static double ErrorBound(double excessLogLoss) => excessLogLoss >= 0 ? Math.Sqrt(2 * excessLogLoss) : throw new ArgumentOutOfRangeException(nameof(excessLogLoss), excessLogLoss, "0 or more was expected");

    private static ImmutableArray<int> DefaultGrid(int rows, int classes)
    {
        var grid = ImmutableArray.CreateBuilder<int>();
        for (double m = 2 * classes; m < rows; m *= m < 20 * classes ? 1.6 : 2)
            grid.Add((int)Math.Round(m));
        grid.Add(rows);
        return grid.ToImmutable();
    }

    private static int Check(FloatMatrix train, int[] labels, FloatMatrix test, int[] testLabels)
    {
        if (labels.Length != train.Rows || testLabels.Length != test.Rows || train.Columns != test.Columns)
            throw new ArgumentException($"{labels.Length} labels for {train.Rows} × {train.Columns} training features, {testLabels.Length} for {test.Rows} × {test.Columns} test features");
        if (train.Rows == 0 || test.Rows == 0)
            throw new ArgumentException("training and test rows are needed");
        var classes = labels.Max() + 1;
        if (classes < 2)
            throw new ArgumentException("two classes or more are needed");
        var counts = new int[classes];
        foreach (var label in labels)
            counts[label >= 0 ? label : throw new ArgumentException($"label {label} is negative")]++;
        if (Array.IndexOf(counts, 0) is var gap and >= 0)
            throw new ArgumentException($"no training row is of class {gap} of 0 to {classes - 1}");
        if (testLabels.AsSpan().IndexOfAnyExceptInRange(0, classes - 1) is var other and >= 0)
            throw new ArgumentException($"test row {other} is of class {testLabels[other]}, which no training row is of");
        foreach (var (matrix, what) in new[] { (train, "training"), (test, "test") })
        {
            for (var i = 0; i < matrix.Values.Length; i++)
            {
                if (!float.IsFinite(matrix.Values[i]))
                    throw new ArgumentException($"feature {i % matrix.Columns} of {what} row {i / matrix.Columns} is {matrix.Values[i]}");
            }
        }
        return classes;
    }

    // A plain random subset; drawn anew while a class is missing.
    private static int[]? Subset(int[] labels, int classes, int m, SeededRandom random)
    {
        for (var draw = 0; draw < MostDraws; draw++)
        {
            var rows = random.Permutation(labels.Length)[..m];
            if (rows.Select(i => labels[i]).Distinct().Count() == classes)
                return rows;
        }
        return null;
    }

    private static HeadComparison Summarise(FloatMatrix train, int[] labels, int classes, ImmutableArray<Trial[]> byM, HeadComparisonOptions options, ImmutableArray<string>.Builder warnings)
    {
        Estimate Mean(IEnumerable<double> values) => MeanInterval.Of([.. values], options.Level);
        ImmutableArray<HeadPoint> points = [.. byM.Select(t => new HeadPoint(
            t[0].M, Mean(t.Select(r => r.NaiveBayes)), Mean(t.Select(r => r.Logistic)), Mean(t.Select(r => r.NaiveBayes - r.Logistic)), t.Average(r => r.NaiveBayesLoss), t.Average(r => r.LogisticLoss)))];
        var (nb, nbCurve) = Speed(LinearHead.NaiveBayes, points, options);
        var (lr, lrCurve) = Speed(LinearHead.Logistic, points, options);
        var crossing = HeadCrossing.Of(byM, options);
        var at = options.At ?? train.Rows;
        if (at > points[^1].M)
            warnings.Add($"{at} rows lie beyond the largest subset of {points[^1].M}: the advice there is a continuation of the curves");
        double Error(LinearHead head, double m) => head == LinearHead.NaiveBayes ? HeadCrossing.Interpolate(points, p => p.NaiveBayes.Value, nbCurve, m) : HeadCrossing.Interpolate(points, p => p.Logistic.Value, lrCurve, m);
        var advice = Error(LinearHead.NaiveBayes, at) <= Error(LinearHead.Logistic, at) ? LinearHead.NaiveBayes : LinearHead.Logistic;
        var near = points.MinBy(p => Math.Abs(Math.Log(p.M / (double)at)))!.Difference;
        var isClear = near.Interval.Low > 0 || near.Interval.High < 0;
        double? flip = advice == LinearHead.NaiveBayes
            ? HeadCrossing.NextFlip(at, points[^1].M, crossing.Value, m => Error(LinearHead.NaiveBayes, m) > Error(LinearHead.Logistic, m))
            : crossing.Value is > 0 and var c && c < at ? c - at : null;
        var conditions = HeadConditionsOf(train, labels, classes);
        if (conditions.Dropped > 0)
            warnings.Add($"{conditions.Dropped} of {train.Columns} features do not vary within classes and are left out of naive Bayes");
        if (conditions.Dependence > 0.3)
            warnings.Add($"features are dependent within classes (mean |correlation| {conditions.Dependence:0.00}): naive Bayes is over-confident, its log-loss tells");
        return new HeadComparison(
            train.Rows, train.Columns, classes, points, [nb, lr], crossing, at, advice, isClear, Error(advice, at), flip, conditions, warnings.ToImmutable());
    }

    private static (HeadSpeed Speed, LearningCurve? Curve) Speed(LinearHead head, ImmutableArray<HeadPoint> points, HeadComparisonOptions options)
    {
        double Value(HeadPoint p) => (head == LinearHead.NaiveBayes ? p.NaiveBayes : p.Logistic).Value;
        LearningCurve? curve = null;
        if (points.Length >= 4 && points.All(p => Value(p) > 0))
        {
            try
            {
                curve = LearningCurve.FitTo(points.Select(p => new LearningCurvePoint(p.M, Value(p))), new LearningCurveOptions { Irreducible = IrreducibleTerm.Yes });
            }
            catch (ArgumentException)
            {
                // Errors that do not fall have no curve; the least one stands for the floor.
            }
        }
        var least = points.Min(Value);
        var floor = curve is null ? least : Math.Min(curve.Gamma, least);
        var arrival = points.FirstOrDefault(p => Value(p) <= floor + options.Tolerance);
        double? rows = arrival is null ? null : arrival.M;
        var index = arrival is null ? -1 : points.IndexOf(arrival);
        if (index > 0)
        {
            // Between the last point above and the first below, linear in log m.
            var (a, b) = (points[index - 1], points[index]);
            var share = (Value(a) - floor - options.Tolerance) / (Value(a) - Value(b));
            rows = Math.Exp(Math.Log(a.M) + share * Math.Log((double)b.M / a.M));
        }
        return (new HeadSpeed(head, floor, curve is not null, rows), curve);
    }

    private static HeadConditions HeadConditionsOf(FloatMatrix train, int[] labels, int classes)
    {
        var scaled = MinMax.Of(train).Apply(train);
        var moments = new ClassMoments(classes, scaled.Columns);
        moments.Add(scaled, labels);
        var s2 = new NaiveBayesHead().Variances(moments);
        var used = Enumerable.Range(0, scaled.Columns).Where(j => double.IsFinite(s2[j])).ToArray();
        var divergences = (from c in Enumerable.Range(0, classes) from l in Enumerable.Range(0, c) select used.Sum(j => Math.Pow(moments.Mean(c, j) - moments.Mean(l, j), 2) / (2 * s2[j]))).ToArray();
        var scores = new NaiveBayesHead().Of(moments).Scores(scaled);
        var variation = new List<double>();
        for (var c = 0; c < classes; c++)
        {
            for (var l = 0; l < classes; l++)
            {
                if (l == c)
                    continue;
                var margins = Moments.Of([.. Enumerable.Range(0, labels.Length).Where(i => labels[i] == c).Select(i => (double)scores[i, c] - scores[i, l])]);
                if (margins.Count > 1)
                    variation.Add(Math.Pow(margins.StandardDeviation / margins.Mean, 2));
            }
        }
        return new HeadConditions(
            divergences.Average() / used.Length, divergences.Min(), variation.Count > 0 ? variation.Average() : double.NaN, Dependence(scaled, labels, moments, used), [.. s2.Select(Math.Sqrt)], scaled.Columns - used.Length);
    }

    private static double Dependence(FloatMatrix features, int[] labels, ClassMoments moments, int[] used)
    {
        if (used.Length < 2)
            return 0;
        var random = new SeededRandom(63);
        var total = 0.0;
        const int pairs = 200;
        for (var p = 0; p < pairs; p++)
        {
            var a = random.Next(used.Length);
            var b = (a + 1 + random.Next(used.Length - 1)) % used.Length;
            var sum = 0.0;
            for (var i = 0; i < labels.Length; i++)
                sum += (features[i, used[a]] - moments.Mean(labels[i], used[a])) * (features[i, used[b]] - moments.Mean(labels[i], used[b]));
            total += Math.Abs(sum / labels.Length / Math.Sqrt(moments.Pooled(used[a]) * moments.Pooled(used[b])));
        }
        return total / pairs;
    }

    /// <summary>What both heads reach after one subset.</summary>
    internal sealed record Trial(int M, double NaiveBayes, double Logistic, double NaiveBayesLoss, double LogisticLoss)
    {
        public static Trial Run(FloatMatrix train, int[] labels, FloatMatrix test, int[] truth, int classes, HeadComparisonOptions options)
        {
            var scaling = options.ScaleFeatures ? MinMax.Of(train) : null;
            var (x, t) = (scaling?.Apply(train) ?? train, scaling?.Apply(test) ?? test);
            var nb = Judge(new NaiveBayesHead().Fit(x, labels, classes).Scores(t), truth);
            var lr = Judge(new LogisticRegression(options.Penalty, standardize: false, options.Iterations).Fit(x, labels, classes).Scores(t), truth);
            return new Trial(labels.Length, nb.Error, lr.Error, nb.Loss, lr.Loss);
        }

        private static (double Error, double Loss) Judge(FloatMatrix scores, int[] truth)
        {
            var (wrong, loss) = (0, 0.0);
            for (var i = 0; i < truth.Length; i++)
            {
                var row = scores.Row(i);
                var max = TensorPrimitives.Max(row);
                var sum = 0.0;
                foreach (var s in row)
                    sum += Math.Exp(s - max);
                loss += Math.Log(sum) + max - row[truth[i]];
                wrong += TensorPrimitives.IndexOfMax(row) == truth[i] ? 0 : 1;
            }
            return ((double)wrong / truth.Length, loss / truth.Length);
        }
    }

    /// <summary>Scales features to [0, 1] by the rows it was fitted on; others may lie outside.</summary>
    private sealed class MinMax(float[] low, float[] scale)
    {
        public static MinMax Of(FloatMatrix features)
        {
            var (low, high) = (features.Row(0).ToArray(), features.Row(0).ToArray());
            for (var i = 1; i < features.Rows; i++)
            {
                TensorPrimitives.Min(features.Row(i), low, low);
                TensorPrimitives.Max(features.Row(i), high, high);
            }
            return new MinMax(low, [.. low.Zip(high, (l, h) => h > l ? 1 / (h - l) : 1)]);
        }

        public FloatMatrix Apply(FloatMatrix features)
        {
            var values = new float[features.Values.Length];
            for (var i = 0; i < features.Rows; i++)
            {
                var row = values.AsSpan(i * features.Columns, features.Columns);
                TensorPrimitives.Subtract(features.Row(i), low, row);
                TensorPrimitives.Multiply(row, scale, row);
            }
            return new FloatMatrix(values, features.Rows, features.Columns);
        }
    }
}
