using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Training;

/// <summary>How examples are divided among federated clients: a recipe names it (<c>dirichlet(alpha: 0.1)</c>).</summary>
[MethodValue]
public abstract class ClientSplit
{
    /// <summary>Divides examples.</summary>
    /// <param name="labels">The class of each example.</param>
    /// <param name="clients">The number of clients, K.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The rows of each client; no row twice. A client may stay empty under a very uneven split.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of clients is not positive.</exception>
    /// <exception cref="ArgumentException">There are fewer examples than clients, or the split does not suit the classes.</exception>
    public ImmutableArray<int[]> Divide(ReadOnlySpan<int> labels, int clients, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clients);
        if (labels.Length < clients)
            throw new ArgumentException($"{labels.Length} examples cannot be divided among {clients} clients", nameof(labels));
        return [.. Rows(labels.ToArray(), clients, SeededRandom.At(seed, 86)).Select(rows => rows.Order().ToArray())];
    }

    /// <summary>The rows of each client, in any order.</summary>
    private protected abstract List<int>[] Rows(int[] labels, int clients, SeededRandom random);

    private protected static List<int>[] Empty(int clients) => [.. Enumerable.Range(0, clients).Select(_ => new List<int>())];

    // The rows of each class, shuffled.
    private protected static SortedDictionary<int, int[]> ByClass(int[] labels, SeededRandom random)
    {
        var classes = new SortedDictionary<int, int[]>();
        foreach (var group in Enumerable.Range(0, labels.Length).GroupBy(i => labels[i]))
        {
            int[] rows = [.. group];
            classes.Add(group.Key, rows);
        }
        foreach (var rows in classes.Values)
            random.Shuffle(rows.AsSpan());
        return classes;
    }
}

/// <summary>Every client gets an equal share of examples drawn at random.</summary>
[Method("iid", Kind = MethodKind.Resampling)]
public sealed class IidClients : ClientSplit
{
    private protected override List<int>[] Rows(int[] labels, int clients, SeededRandom random)
    {
        var parts = Empty(clients);
        var order = random.Permutation(labels.Length);
        for (var i = 0; i < order.Length; i++)
            parts[i % clients].Add(order[i]);
        return parts;
    }
}

/// <summary>
/// Every client gets <paramref name="classes"/> classes: each class is cut into K·m/classes shards, and a client draws m shards of different
/// classes (McMahan et al. 2017). All examples are used.
/// </summary>
/// <param name="classes">m, 1 or more.</param>
[Method("pathological", Kind = MethodKind.Resampling)]
public sealed class PathologicalClients(int classes = 2) : ClientSplit
{
    private readonly int perClient = classes > 0 ? classes : throw new ArgumentOutOfRangeException(nameof(classes), classes, "1 or more was expected");

    private protected override List<int>[] Rows(int[] labels, int clients, SeededRandom random)
    {
        var byClass = ByClass(labels, random);
        if (perClient > byClass.Count)
            throw new ArgumentException($"{perClient} classes a client were asked for, there are {byClass.Count}", nameof(labels));
        if (clients * perClient < byClass.Count)
            throw new ArgumentException($"{clients} clients of {perClient} classes cannot hold all {byClass.Count} classes", nameof(clients));
        // Classes are dealt round and round in shuffled order, so that each client's m are different and each class has nearly as many shards.
        int[] order = [.. byClass.Keys];
        random.Shuffle(order.AsSpan());
        var holders = byClass.Keys.ToDictionary(c => c, _ => new List<int>());
        var clientOrder = random.Permutation(clients);
        for (var i = 0; i < clients * perClient; i++)
            holders[order[i % order.Length]].Add(clientOrder[i / perClient]);
        var parts = Empty(clients);
        foreach (var (c, rows) in byClass)
        {
            for (var i = 0; i < rows.Length; i++)
                parts[holders[c][(int)((long)i * holders[c].Count / rows.Length)]].Add(rows[i]);
        }
        return parts;
    }
}

/// <summary>
/// The examples of each class are divided by shares drawn from a Dirichlet distribution over the clients (Hsu, Qi and Brown 2019): small α
/// gives each client a few classes, α → ∞ approaches equal shares.
/// </summary>
/// <param name="alpha">α, above 0.</param>
[Method("dirichlet", Kind = MethodKind.Resampling)]
public sealed class DirichletClients(double alpha = 0.2) : ClientSplit
{
    private readonly double alpha = alpha > 0 && double.IsFinite(alpha) ? alpha : throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "a positive number was expected");

    private protected override List<int>[] Rows(int[] labels, int clients, SeededRandom random)
    {
        var parts = Empty(clients);
        foreach (var rows in ByClass(labels, random).Values)
        {
            var shares = Shares(clients, random);
            var (start, sum) = (0, 0.0);
            for (var k = 0; k < clients; k++)
            {
                sum += shares[k];
                var end = k == clients - 1 ? rows.Length : Math.Min(rows.Length, (int)Math.Round(sum * rows.Length));
                if (end > start)
                    parts[k].AddRange(rows[start..end]);
                start = Math.Max(start, end);
            }
        }
        return parts;
    }

    /// <summary>One draw of shares, which sum to 1.</summary>
    internal double[] Shares(int clients, SeededRandom random)
    {
        // In logarithms: for small α most gamma draws are below the least positive number.
        var logs = new double[clients];
        for (var k = 0; k < clients; k++)
            logs[k] = LogGamma(alpha, random);
        var max = logs.Max();
        double[] shares = [.. logs.Select(l => Math.Exp(l - max))];
        var sum = shares.Sum();
        return [.. shares.Select(s => s / sum)];
    }

    // log of a Gamma(α, 1) draw: Marsaglia and Tsang (2000) for α ≥ 1; below, Gamma(α + 1)·U^{1/α}.
    private static double LogGamma(double shape, SeededRandom random)
    {
        if (shape < 1)
            return LogGamma(shape + 1, random) + Math.Log(1 - random.NextDouble()) / shape;
        var d = shape - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = random.NextGaussian();
            var v = Math.Pow(1 + c * x, 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < 0.5 * x * x + d - d * v + d * Math.Log(v))
                return Math.Log(d) + Math.Log(v);
        }
    }
}
