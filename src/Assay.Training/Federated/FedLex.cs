using Assay.Statistics;

namespace Assay.Training;

/// <summary>What guides instead of the explored matrix: the controls of <see cref="FedLex"/>.</summary>
public enum GuidanceControl
{
    /// <summary>The explored matrix.</summary>
    None,
    /// <summary>The same factors at random places of their tensors.</summary>
    Permuted,
    /// <summary>1 − G.</summary>
    Inverse,
    /// <summary>All 1: FedAvg.</summary>
    Ones,
}

/// <summary>How <see cref="FedLex"/> explores and guides; the defaults are the authors' for MNIST.</summary>
public sealed record FedLexOptions
{
    /// <summary>p_exp: the share of clients that explore, at least one. At 1 the matrix of each round comes from the explorations of the clients of that round.</summary>
    public double Explorers { get; init; } = 1;

    /// <summary>E_exp: the most epochs of an exploration.</summary>
    public int Epochs { get; init; } = 150;

    /// <summary>Epochs without a lower loss of the last batch after which an explorer stops; 0 for never.</summary>
    public int Patience { get; init; } = 40;

    /// <summary>Epochs that the first explorer trains to give the base point; 0 takes the initial weights.</summary>
    public int WarmUp { get; init; } = 1;

    /// <summary>How deviations become factors.</summary>
    public GuidanceScaling Scaling { get; init; } = GuidanceScaling.MinMax;

    /// <summary>What the matrix scales; null takes the gradient with SGD and the update with adaptive optimisers.</summary>
    public GuidanceTarget? ApplyTo { get; init; }

    /// <summary>A control instead of the matrix.</summary>
    public GuidanceControl Control { get; init; } = GuidanceControl.None;

    /// <summary>η_s of the server.</summary>
    public double ServerRate { get; init; } = 1;

    /// <summary>The server's momentum; the authors' example has 0.9.</summary>
    public double Momentum { get; init; }

    internal FedLexOptions Checked()
    {
        if (Explorers is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(Explorers), Explorers, "a share above 0, at most 1, was expected");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Epochs);
        ArgumentOutOfRangeException.ThrowIfNegative(Patience);
        ArgumentOutOfRangeException.ThrowIfNegative(WarmUp);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ServerRate);
        if (Momentum is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(Momentum), Momentum, "0 to below 1 was expected");
        return this;
    }
}

/// <summary>
/// FedLEx, federated loss exploration (Internò et al. 2024): before the first round some clients train their own copies of the model; where
/// they moved a lot, a <see cref="GuidanceMatrix"/> lets every later local gradient through, where nobody moved it freezes the weight:
/// g ← g ⊙ G in each local step. Beware: a constant factor of the gradient is undone by Adam and its like but for the entries that are 0,
/// so there the update is scaled instead (<see cref="GuidanceTarget"/>).
/// </summary>
/// <param name="options">How it explores and guides; null takes the defaults.</param>
[Method("fedlex", Paper = 86, Kind = MethodKind.Trainer)]
public sealed class FedLex(FedLexOptions? options = null) : FederatedMethod
{
    private readonly FedLexOptions options = (options ?? new FedLexOptions()).Checked();

    /// <inheritdoc/>
    public override string Name => options.Control == GuidanceControl.None ? "fedlex" : $"fedlex, {options.Control.ToString().ToLowerInvariant()}";

    internal override FederatedRule Start(FederationSetup setup) => new Rule(setup, options);

    internal sealed class Rule(FederationSetup setup, FedLexOptions options) : AveragingRule(options.ServerRate, options.Momentum)
    {
        private readonly SortedDictionary<int, float[]> squares = [];
        private GuidanceMatrix? matrix;
        private float[]? factors;
        private bool isWarned;

        /// <summary>The matrix of the present round.</summary>
        public GuidanceMatrix? Matrix => matrix;

        public override IEnumerable<(string Name, float[] Value)> State => [.. base.State, .. squares.Select(s => ($"squares.{s.Key}", s.Value))];

        public override void Load(IReadOnlyDictionary<string, float[]> state)
        {
            base.Load(state);
            foreach (var (name, value) in state.Where(s => s.Key.StartsWith("squares.", StringComparison.Ordinal)))
                squares[int.Parse(name["squares.".Length..], System.Globalization.CultureInfo.InvariantCulture)] = value;
            Use(squares.Keys);
        }

        public override async Task PrepareAsync(float[] weights)
        {
            int[] able = [.. Enumerable.Range(0, setup.Examples.Length).Where(k => setup.Examples[k] > 0)];
            SeededRandom.At(setup.Seed, 863).Shuffle(able.AsSpan());
            // max(round(p·K), 1) explorers, as far as there are clients with data.
            int[] explorers = [.. able.Take(Math.Max(1, (int)Math.Round(options.Explorers * setup.Examples.Length))).Order()];
            var start = weights;
            if (options.WarmUp > 0)
            {
                var first = await setup.Ask([explorers[0]], setup.NewRequest(weights) with { Epochs = options.WarmUp }).ConfigureAwait(false);
                if (first.Count > 0)
                    start = [.. weights.Zip(first[0].Delta, (w, d) => w + d)];
                else
                    setup.Warn("the first explorer gave no answer: the base point is the initial model");
            }
            var answers = await setup.Ask(explorers, setup.NewRequest(start) with { Epochs = options.Epochs, Patience = options.Patience }).ConfigureAwait(false);
            if (answers.Count < explorers.Length)
                setup.Warn($"{explorers.Length - answers.Count} of {explorers.Length} explorers failed or diverged and are left out");
            foreach (var answer in answers)
                squares[answer.Client] = [.. answer.Delta.Select(d => d * d)];
            Use(squares.Keys);
        }

        public override void BeginRound(IReadOnlyList<int> sampled)
        {
            if (options.Explorers == 1 && squares.Keys.Intersect(sampled).ToArray() is { Length: > 0 } here)
                Use(here);
        }

        // G of the given explorers: the mean of their squared deviations, scaled.
        private void Use(IReadOnlyCollection<int> explorers)
        {
            if (explorers.Count == 0)
            {
                setup.Warn("no explorer gave a finite answer: there is no guidance, this is FedAvg");
                return;
            }
            var deviations = new double[setup.Layout.Sum(s => s.Length)];
            foreach (var own in explorers.Select(e => squares[e]))
            {
                for (var i = 0; i < deviations.Length; i++)
                    deviations[i] += own[i] / (double)explorers.Count;
            }
            matrix = GuidanceMatrix.FromDeviations(deviations, setup.Layout, options.Scaling);
            if (!isWarned && !matrix.Constant.IsEmpty)
            {
                isWarned = true;
                setup.Warn($"no guidance in {string.Join(", ", matrix.Constant)}: all explorers' deviations are equal there");
            }
            matrix = options.Control switch
            {
                GuidanceControl.Permuted => matrix.Permuted(setup.Seed),
                GuidanceControl.Inverse => matrix.Inverse(),
                GuidanceControl.Ones => GuidanceMatrix.Ones(setup.Layout),
                _ => matrix,
            };
            factors = [.. matrix.Values];
        }

        public override ClientRequest Adapt(int client, ClientRequest request) => factors is null ? request : request with
        {
            Guidance = factors,
            ApplyTo = options.ApplyTo ?? (setup.Optimizer is Sgd ? GuidanceTarget.Gradient : GuidanceTarget.Update),
        };
    }
}
