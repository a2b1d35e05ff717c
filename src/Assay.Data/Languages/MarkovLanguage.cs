using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// A Markov chain over symbols whose next-symbol distributions are drawn from a Dirichlet: a language with an entropy rate known exactly, so
/// that a model's excess loss is known exactly too.
/// </summary>
public sealed class MarkovLanguage
{
    private readonly double[] rows; // (V^k, V)
    private readonly double[] stationary; // (V^k)

    /// <summary>Draws a language.</summary>
    /// <param name="symbols">V, 2 or more.</param>
    /// <param name="order">k, how many symbols the next one depends on, 0 or more; V^k·V at most 16 million.</param>
    /// <param name="concentration">α of the Dirichlet, above 0; small values make rows that are nearly certain.</param>
    /// <param name="seed">Decides the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    public MarkovLanguage(int symbols, int order = 1, double concentration = 0.1, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(symbols, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        if (!(concentration > 0) || !double.IsFinite(concentration))
            throw new ArgumentOutOfRangeException(nameof(concentration), concentration, "a positive number was expected");
        if (Math.Pow(symbols, order + 1) > 16e6)
            throw new ArgumentOutOfRangeException(nameof(order), order, $"a table of {symbols}^{order + 1} numbers is too large; 16 million was the most expected");
        (Symbols, Order) = (symbols, order);
        Contexts = (int)Math.Pow(symbols, order);
        rows = new double[Contexts * symbols];
        var random = SeededRandom.At(seed, 71);
        for (var c = 0; c < Contexts; c++)
            random.NextDirichlet(concentration, rows.AsSpan(c * symbols, symbols));
        stationary = Stationary();
    }

    /// <summary>V, the number of symbols.</summary>
    public int Symbols { get; }

    /// <summary>k, the number of symbols that the next one depends on.</summary>
    public int Order { get; }

    /// <summary>V^k.</summary>
    public int Contexts { get; }

    /// <summary>The distribution of the next symbol.</summary>
    /// <param name="context">The symbols before, oldest first; the last k count.</param>
    /// <exception cref="ArgumentException">Fewer than k symbols, or one out of range.</exception>
    public ReadOnlySpan<double> Next(ReadOnlySpan<int> context)
    {
        if (context.Length < Order)
            throw new ArgumentException($"{context.Length} symbols of context; {Order} were expected", nameof(context));
        var state = 0;
        foreach (var symbol in context[^Order..])
        {
            if ((uint)symbol >= (uint)Symbols)
                throw new ArgumentException($"symbol {symbol}: 0 to {Symbols - 1} was expected", nameof(context));
            state = state * Symbols + symbol;
        }
        return Row(state);
    }

    /// <summary>The entropy rate, nats per symbol: Σ_c π(c)·H(row c) with π the stationary distribution of contexts.</summary>
    public double EntropyRate()
    {
        var total = 0.0;
        for (var c = 0; c < Contexts; c++)
        {
            foreach (var p in Row(c))
                total -= p > 0 ? stationary[c] * p * Math.Log(p) : 0;
        }
        return total;
    }

    /// <summary>The entropy of one symbol without its context, nats: what a model that reads nothing can reach.</summary>
    public double UnigramEntropy()
    {
        var single = new double[Symbols];
        for (var c = 0; c < Contexts; c++)
        {
            for (var s = 0; s < Symbols; s++)
                single[s] += stationary[c] * Row(c)[s];
        }
        return -single.Sum(p => p > 0 ? p * Math.Log(p) : 0);
    }

    /// <summary>Draws a sequence that begins in the stationary distribution.</summary>
    /// <param name="length">The number of symbols.</param>
    /// <param name="random">Draws.</param>
    public int[] Sample(int length, SeededRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(random);
        var result = new int[length];
        var state = random.NextIndex(stationary);
        for (int i = Order - 1, rest = state; i >= 0; i--, rest /= Symbols)
        {
            if (i < length)
                result[i] = rest % Symbols;
        }
        for (var i = Order; i < length; i++)
        {
            result[i] = random.NextIndex(Row(state));
            state = Order == 0 ? 0 : (int)(((long)state * Symbols + result[i]) % Contexts);
        }
        return result;
    }

    private ReadOnlySpan<double> Row(int context) => rows.AsSpan(context * Symbols, Symbols);

    // Power iteration on half steps, which converges where the chain has a period too.
    private double[] Stationary()
    {
        var current = Enumerable.Repeat(1.0 / Contexts, Contexts).ToArray();
        for (var iteration = 0; iteration < 100_000; iteration++)
        {
            var next = new double[Contexts];
            for (var c = 0; c < Contexts; c++)
            {
                for (var s = 0; s < Symbols; s++)
                    next[Order == 0 ? 0 : (int)(((long)c * Symbols + s) % Contexts)] += current[c] * Row(c)[s];
            }
            var change = 0.0;
            for (var c = 0; c < Contexts; c++)
            {
                next[c] = (next[c] + current[c]) / 2;
                change += Math.Abs(next[c] - current[c]);
            }
            current = next;
            if (change < 1e-13)
                break;
        }
        return current;
    }
}
