using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// A hidden Markov model as a language: unseen states walk, each emits a symbol. The exact next-symbol distribution follows from the
/// forward algorithm, the entropy rate from averaging it over long samples.
/// </summary>
public sealed class HiddenMarkovLanguage
{
    private readonly double[,] transition, emission;
    private readonly double[] initial;

    /// <summary>Creates a language from its tables.</summary>
    /// <param name="transition">P(next state | state), (S, S); rows sum to 1.</param>
    /// <param name="emission">P(symbol | state), (S, V); rows sum to 1.</param>
    /// <param name="initial">P(first state), (S); null takes the uniform distribution.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or a row does not sum to 1.</exception>
    public HiddenMarkovLanguage(double[,] transition, double[,] emission, double[]? initial = null)
    {
        ArgumentNullException.ThrowIfNull(transition);
        ArgumentNullException.ThrowIfNull(emission);
        States = transition.GetLength(0);
        Symbols = emission.GetLength(1);
        if (transition.GetLength(1) != States || emission.GetLength(0) != States || (initial is not null && initial.Length != States))
            throw new ArgumentException($"{States} states: a square transition table and an emission table with as many rows were expected");
        this.transition = Checked(transition, nameof(transition));
        this.emission = Checked(emission, nameof(emission));
        this.initial = initial ?? [.. Enumerable.Repeat(1.0 / States, States)];
        if (Math.Abs(this.initial.Sum() - 1) > 1e-9)
            throw new ArgumentException($"the initial distribution sums to {this.initial.Sum()}; 1 was expected", nameof(initial));
    }

    /// <summary>The number of hidden states.</summary>
    public int States { get; }

    /// <summary>The number of symbols.</summary>
    public int Symbols { get; }

    /// <summary>
    /// States in a ring: from state i the walk stays (0.1), goes to i + 1 (0.6) or anywhere (0.3). State i prefers four symbols, 2i to 2i + 3,
    /// with 0.85 in total; the rest is spread over all.
    /// </summary>
    /// <param name="states">The number of states, 2 or more.</param>
    /// <param name="symbols">The number of symbols, 4 or more.</param>
    public static HiddenMarkovLanguage Ring(int states = 10, int symbols = 24)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(states, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(symbols, 4);
        var (walk, emit) = (new double[states, states], new double[states, symbols]);
        for (var i = 0; i < states; i++)
        {
            for (var j = 0; j < states; j++)
                walk[i, j] = 0.3 / states;
            walk[i, i] += 0.1;
            walk[i, (i + 1) % states] += 0.6;
            for (var v = 0; v < symbols; v++)
                emit[i, v] = 0.15 / symbols;
            for (var k = 0; k < 4; k++)
                emit[i, (2 * i + k) % symbols] += 0.85 / 4;
        }
        return new HiddenMarkovLanguage(walk, emit);
    }

    /// <summary>Draws a sequence with its hidden states.</summary>
    public (int[] Symbols, int[] States) Sample(int length, SeededRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(random);
        var (symbols, states) = (new int[length], new int[length]);
        for (var t = 0; t < length; t++)
        {
            states[t] = random.NextIndex(t == 0 ? initial : Row(transition, states[t - 1]));
            symbols[t] = random.NextIndex(Row(emission, states[t]));
        }
        return (symbols, states);
    }

    /// <summary>The distributions of every symbol of a sequence given those before it, (T, V).</summary>
    public double[,] Conditionals(ReadOnlySpan<int> sequence)
    {
        var result = new double[sequence.Length, Symbols];
        var belief = (double[])initial.Clone(); // P(state at t | symbols before t)
        for (var t = 0; t < sequence.Length; t++)
        {
            if ((uint)sequence[t] >= (uint)Symbols)
                throw new ArgumentException($"symbol {sequence[t]}: 0 to {Symbols - 1} was expected", nameof(sequence));
            for (var s = 0; s < States; s++)
            {
                for (var v = 0; v < Symbols; v++)
                    result[t, v] += belief[s] * emission[s, v];
            }
            var seen = new double[States];
            var total = 0.0;
            for (var s = 0; s < States; s++)
                total += seen[s] = belief[s] * emission[s, sequence[t]];
            Array.Clear(belief);
            for (var s = 0; s < States; s++)
            {
                for (var next = 0; next < States; next++)
                    belief[next] += seen[s] / total * transition[s, next];
            }
        }
        return result;
    }

    /// <summary>The mean negative log-probability of sampled sequences under the exact conditionals, nats per symbol, with its standard error.</summary>
    /// <param name="length">The length of a sequence.</param>
    /// <param name="sequences">How many, 2 or more.</param>
    /// <param name="random">Draws.</param>
    public (double Value, double StandardError) EntropyRate(int length, int sequences, SeededRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 2);
        var means = new double[sequences];
        for (var i = 0; i < sequences; i++)
        {
            var (symbols, _) = Sample(length, random);
            var conditionals = Conditionals(symbols);
            for (var t = 0; t < length; t++)
                means[i] -= Math.Log(conditionals[t, symbols[t]]) / length;
        }
        var mean = means.Average();
        return (mean, Math.Sqrt(means.Sum(m => (m - mean) * (m - mean)) / (sequences - 1) / sequences));
    }

    private static ReadOnlySpan<double> Row(double[,] table, int row) =>
        System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpan(ref table[row, 0], table.GetLength(1));

    private static double[,] Checked(double[,] table, string name)
    {
        for (var i = 0; i < table.GetLength(0); i++)
        {
            var total = 0.0;
            foreach (var p in Row(table, i))
                total += p >= 0 ? p : throw new ArgumentException($"row {i} of {name} holds {p}; 0 or more was expected", name);
            if (Math.Abs(total - 1) > 1e-9)
                throw new ArgumentException($"row {i} of {name} sums to {total}; 1 was expected", name);
        }
        return (double[,])table.Clone();
    }
}
