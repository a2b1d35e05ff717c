using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Assay.Evaluation;

public sealed partial class Predictions
{
    /// <summary>How far a row of probabilities may be from a sum of 1 unless told otherwise: room for numbers printed with four decimals.</summary>
    public const double DefaultTolerance = 1e-3;

    // A probability may miss [0, 1] by what rounding in single precision leaves.
    private const float Slack = 1e-6f;
    private const int BlockRows = 8192;

    /// <summary>
    /// Checks that all parts agree in length, that labels have classes, that probabilities lie in [0, 1] and sum to 1 within the tolerance,
    /// that one-hot rows are one-hot, and that nothing is NaN or infinite.
    /// </summary>
    /// <param name="tolerance">How far a row of probabilities may be from a sum of 1; <see cref="Tolerance"/> where null.</param>
    /// <returns>These predictions.</returns>
    /// <exception cref="ArgumentException">Something does not fit; the message names the model and the first row (counted from 0) at fault.</exception>
    public Predictions Validate(double? tolerance = null)
    {
        if (Count == 0)
            throw new ArgumentException($"{Model}: there are no predictions");
        if (IsRegression ? ClassCount != 1 : ClassCount < 2)
            throw new ArgumentException($"{Model}: {ClassCount} score columns, {(IsRegression ? "1 was" : "at least 2 were")} expected");
        if (!ClassNames.IsEmpty && ClassNames.Length != ClassCount)
            throw new ArgumentException($"{Model}: {ClassNames.Length} class names for {ClassCount} classes");
        CheckLength(Labels.Length, "labels");
        CheckLength(Targets.Length, "targets");
        CheckLength(Ids.Length, "ids");
        foreach (var (name, column) in Slices)
        {
            if (column.Count != Count)
                throw new ArgumentException($"{Model}: column '{name}' has {column.Count} rows, there are {Count} predictions");
        }
        for (var i = 0; i < Labels.Length; i++)
        {
            if ((uint)Labels[i] >= (uint)ClassCount)
                throw new ArgumentException($"{Model}: label {Labels[i]} of row {i} is out of range, there are {ClassCount} classes");
        }
        for (var i = 0; i < Targets.Length; i++)
        {
            if (!float.IsFinite(Targets[i]))
                throw new ArgumentException($"{Model}: target of row {i} is {Targets[i]}");
        }
        if (ScoreFault(tolerance ?? Tolerance) is { } fault)
            throw new ArgumentException($"{Model}: {(fault.Column is { } c && !IsRegression ? $"class '{ClassName(c)}' in row" : "row")} {fault.Row}: {fault.Problem}");
        return this;
    }

    /// <summary>Checks that the truth is there.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public void RequireTruth()
    {
        if (!HasTruth)
            throw new ArgumentException($"{Model}: the {(IsRegression ? "true values" : "true labels")} are missing, nothing can be judged without them");
    }

    private int? FirstBadRow(double tolerance)
    {
        var first = int.MaxValue;
        Parallel.For(0, (Count + BlockRows - 1) / BlockRows, (block, state) =>
        {
            var end = Math.Min(Count, (block + 1) * BlockRows);
            for (var i = block * BlockRows; i < end; i++)
            {
                if (IsGood(Scores.Row(i), tolerance))
                    continue;
                InterlockedMin(ref first, i);
                state.Break(); // Blocks of lower rows still run to their end.
                break;
            }
        });
        return first == int.MaxValue ? null : first;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsGood(ReadOnlySpan<float> row, double tolerance)
    {
        float sum = 0, min = 0, max = 0;
        foreach (var value in row)
        {
            sum += value;
            min = value < min ? value : min;
            max = value > max ? value : max;
        }
        return Kind switch
        {
            ScoreKind.Probabilities => min >= -Slack && max <= 1 + Slack && Math.Abs(sum - 1) <= tolerance,
            ScoreKind.Classes => min == 0 && max == 1 && sum == 1,
            _ => float.IsFinite(sum) || TensorPrimitives.IsFiniteAll(row),
        };
    }

    /// <summary>The first row whose scores are not valid, counted from 0, the column where it is one alone, and what is wrong.</summary>
    internal (int Row, int? Column, string Problem)? ScoreFault(double tolerance)
    {
        if (FirstBadRow(tolerance) is not { } index)
            return null;
        var row = Scores.Row(index);
        for (var c = 0; c < row.Length; c++)
        {
            if (!float.IsFinite(row[c]))
                return (index, c, $"a {(IsRegression ? "value" : "score")} was expected, it is {(float.IsNaN(row[c]) ? "missing or no number" : "infinite")}");
            if (Kind == ScoreKind.Probabilities && row[c] is < -Slack or > 1 + Slack)
                return (index, c, $"the probability is {row[c].ToString(CultureInfo.InvariantCulture)}, outside [0, 1]; are these logits?");
        }
        return (index, null, Kind == ScoreKind.Classes
            ? "not one-hot"
            : string.Create(CultureInfo.InvariantCulture, $"the probabilities sum to {TensorPrimitives.Sum(row):0.######}, 1 ± {tolerance} was expected"));
    }

    private void CheckLength(int length, string what)
    {
        if (length != 0 && length != Count)
            throw new ArgumentException($"{Model}: {length} {what} for {Count} predictions");
    }

    private static void InterlockedMin(ref int target, int value)
    {
        int seen;
        while (value < (seen = Volatile.Read(ref target)) && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
