using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>One label that was changed.</summary>
/// <param name="Row">The row.</param>
/// <param name="From">The true class.</param>
/// <param name="To">The class that is given instead.</param>
public readonly record struct LabelFlip(int Row, int From, int To);

/// <summary>Labels with planted errors and the list of them.</summary>
/// <param name="Labels">The labels, some of them wrong.</param>
/// <param name="Flips">What was changed, by row.</param>
public sealed record NoisyLabels(ImmutableArray<int> Labels, ImmutableArray<LabelFlip> Flips)
{
    /// <summary>The share of labels that are wrong.</summary>
    public double Rate => Labels.IsEmpty ? 0 : (double)Flips.Length / Labels.Length;
}

/// <summary>Plants label errors whose truth is then known: to test what finds or withstands them.</summary>
[Method("label-noise", Kind = MethodKind.Transform)]
public static class LabelNoise
{
    /// <summary>Changes exactly ⌊rate · n⌉ labels, each to one of the other classes with equal chance (symmetric noise).</summary>
    /// <param name="labels">The true labels.</param>
    /// <param name="classCount">k, at least 2.</param>
    /// <param name="rate">The share to change, 0 to 1.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentException">A label is out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate or k is out of range.</exception>
    public static NoisyLabels Uniform(ReadOnlySpan<int> labels, int classCount, double rate, long seed)
    {
        Check(labels, classCount, rate);
        var random = new SeededRandom(seed);
        var count = (int)Math.Round(rate * labels.Length);
        var chosen = random.Permutation(labels.Length).AsSpan(0, count).ToArray();
        var flips = new List<LabelFlip>(count);
        foreach (var row in chosen)
            flips.Add(new LabelFlip(row, labels[row], (labels[row] + 1 + random.Next(classCount - 1)) % classCount));
        return Apply(labels, flips);
    }

    /// <summary>Changes exactly ⌊rate · n_c⌉ labels of each class c to one partner class (pair noise, the asymmetric noise of the literature).</summary>
    /// <param name="labels">The true labels.</param>
    /// <param name="classCount">k, at least 2.</param>
    /// <param name="rate">The share to change, 0 to 1.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="partners">The partner of each class, itself for none; or empty for the next class, cyclically.</param>
    /// <exception cref="ArgumentException">A label or a partner is out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate or k is out of range.</exception>
    public static NoisyLabels Pair(ReadOnlySpan<int> labels, int classCount, double rate, long seed, ReadOnlySpan<int> partners = default)
    {
        Check(labels, classCount, rate);
        int[] partner = partners.IsEmpty ? [.. Enumerable.Range(0, classCount).Select(c => (c + 1) % classCount)] : partners.ToArray();
        if (partner.Length != classCount || Array.Exists(partner, p => (uint)p >= (uint)classCount))
            throw new ArgumentException($"a partner from 0 to {classCount - 1} was expected for each of the {classCount} classes", nameof(partners));
        var flips = new List<LabelFlip>();
        for (var c = 0; c < classCount; c++)
        {
            if (partner[c] == c)
                continue;
            var rows = new List<int>();
            for (var i = 0; i < labels.Length; i++)
            {
                if (labels[i] == c)
                    rows.Add(i);
            }
            var order = CollectionsMarshal.AsSpan(rows);
            SeededRandom.At(seed, c).Shuffle(order);
            foreach (var row in order[..(int)Math.Round(rate * rows.Count)])
                flips.Add(new LabelFlip(row, c, partner[c]));
        }
        return Apply(labels, flips);
    }

    /// <summary>Draws each label anew from the row of its true class in a transition matrix (class-dependent noise).</summary>
    /// <param name="labels">The true labels.</param>
    /// <param name="transition">P(given class | true class): k rows of k shares that sum to 1 within 10⁻⁶.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentException">A label is out of range, or the matrix is not square or not one of shares.</exception>
    public static NoisyLabels ByMatrix(ReadOnlySpan<int> labels, double[,] transition, long seed)
    {
        ArgumentNullException.ThrowIfNull(transition);
        var classCount = transition.GetLength(0);
        if (transition.GetLength(1) != classCount)
            throw new ArgumentException($"a square matrix was expected, not {classCount}×{transition.GetLength(1)}", nameof(transition));
        Check(labels, classCount, 0);
        for (var c = 0; c < classCount; c++)
        {
            var row = Enumerable.Range(0, classCount).Select(k => transition[c, k]).ToArray();
            if (row.Any(p => !(p >= 0)) || Math.Abs(row.Sum() - 1) > 1e-6)
                throw new ArgumentException($"row {c} of the matrix holds no shares that sum to 1: {string.Join(", ", row)}", nameof(transition));
        }
        var random = new SeededRandom(seed);
        var flips = new List<LabelFlip>();
        for (var i = 0; i < labels.Length; i++)
        {
            var draw = random.NextDouble();
            var to = 0;
            while (to < classCount - 1 && (draw -= transition[labels[i], to]) >= 0)
                to++;
            if (to != labels[i])
                flips.Add(new LabelFlip(i, labels[i], to));
        }
        return Apply(labels, flips);
    }

    private static NoisyLabels Apply(ReadOnlySpan<int> labels, List<LabelFlip> flips)
    {
        var noisy = labels.ToArray();
        foreach (var flip in flips)
            noisy[flip.Row] = flip.To;
        return new NoisyLabels(ImmutableCollectionsMarshal.AsImmutableArray(noisy), [.. flips.OrderBy(f => f.Row)]);
    }

    private static void Check(ReadOnlySpan<int> labels, int classCount, double rate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 2);
        if (!(rate >= 0 && rate <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "a share from 0 to 1 was expected");
        var bad = labels.IndexOfAnyExceptInRange(0, classCount - 1);
        if (bad >= 0)
            throw new ArgumentException($"label {labels[bad]} of row {bad} is out of range, there are {classCount} classes", nameof(labels));
    }
}
