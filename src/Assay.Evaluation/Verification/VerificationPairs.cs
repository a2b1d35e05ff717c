using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Pairs of examples with their scores; where they come from identities, the identities are numbered 0 … k − 1.</summary>
internal sealed class VerificationPairs
{
    private readonly int[] numbers; // the identity of each example

    private VerificationPairs(int[] a, int[] b, float[] scores, bool[] same, int[] numbers, bool areSampled)
    {
        (A, B, Scores, Same, this.numbers, AreSampled) = (a, b, scores, same, numbers, areSampled);
        Positives = same.AsSpan().Count(true);
        IdentityCount = numbers.Length == 0 ? 0 : numbers.Max() + 1;
    }

    public int[] A { get; }

    public int[] B { get; }

    public float[] Scores { get; }

    public bool[] Same { get; }

    public int Count => Scores.Length;

    public long Positives { get; }

    public long Negatives => Count - Positives;

    public bool AreSampled { get; }

    public bool HasIdentities => numbers.Length > 0;

    public int IdentityCount { get; }

    public int FirstIdentity(int pair) => numbers[A[pair]];

    public int SecondIdentity(int pair) => numbers[B[pair]];

    public static VerificationPairs Given(ReadOnlySpan<float> scores, ReadOnlySpan<bool> same) => new([], [], scores.ToArray(), same.ToArray(), [], false);

    public static VerificationPairs All(int[] identities, VerificationOptions options)
    {
        var codes = new Dictionary<int, int>();
        var numbers = Array.ConvertAll(identities, i => codes.TryGetValue(i, out var code) ? code : codes[i] = codes.Count);
        var n = (long)numbers.Length;
        var sampled = n * (n - 1) / 2 > options.MaxPairs;
        var (a, b) = (new List<int>(), new List<int>());
        if (!sampled)
        {
            for (var i = 0; i < n; i++)
            {
                for (var j = i + 1; j < n; j++)
                {
                    a.Add(i);
                    b.Add(j);
                }
            }
        }
        else
            Draw(numbers, codes.Count, options, a, b);
        return new VerificationPairs([.. a], [.. b], new float[a.Count], [.. a.Zip(b, (i, j) => numbers[i] == numbers[j])], numbers, sampled);
    }

    // Positives are few: all of them where they fill at most half of the room; negatives are drawn with replacement.
    private static void Draw(int[] numbers, int identities, VerificationOptions options, List<int> a, List<int> b)
    {
        var random = SeededRandom.At(options.Seed, 23);
        var members = Enumerable.Range(0, identities).Select(_ => new List<int>()).ToArray();
        for (var i = 0; i < numbers.Length; i++)
            members[numbers[i]].Add(i);
        var positives = members.Sum(m => (long)m.Count * (m.Count - 1) / 2);
        var keep = Math.Min(1, options.MaxPairs / 2.0 / Math.Max(1, positives));
        foreach (var group in members)
        {
            for (var i = 0; i < group.Count; i++)
            {
                for (var j = i + 1; j < group.Count; j++)
                {
                    if (keep == 1 || random.NextDouble() < keep)
                    {
                        a.Add(group[i]);
                        b.Add(group[j]);
                    }
                }
            }
        }
        if (identities < 2)
            return;
        while (a.Count < options.MaxPairs)
        {
            var (i, j) = (random.Next(numbers.Length), random.Next(numbers.Length));
            if (numbers[i] == numbers[j])
                continue;
            a.Add(i);
            b.Add(j);
        }
    }
}
