using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>What becomes of an answer that comes after its round.</summary>
public enum LateAnswers
{
    /// <summary>It is counted and thrown away.</summary>
    Discard,
    /// <summary>It joins the round in which it comes, its share times (1 + rounds late)^(−1/2).</summary>
    Discount,
}

/// <summary>How a federation is run.</summary>
public sealed record FederatedOptions
{
    /// <summary>R: the number of rounds.</summary>
    public int Rounds { get; init; } = 50;

    /// <summary>C: the share of clients asked each round; max(⌊C·K⌋, 1) of them.</summary>
    public double Fraction { get; init; } = 0.2;

    /// <summary>E: the local epochs of a round.</summary>
    public int LocalEpochs { get; init; } = 2;

    /// <summary>The examples of a local step; a client with fewer uses all of its own.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The local update rule; its state begins anew each round.</summary>
    public OptimizerSpec Optimizer { get; init; } = new Sgd(0.05, momentum: 0);

    /// <summary>By what the local learning rate is multiplied from round to round.</summary>
    public double RateDecay { get; init; } = 1;

    /// <summary>The norm to clip local gradients to, or null.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Decides sampling and the clients' orders.</summary>
    public long Seed { get; init; }

    /// <summary>How long a round waits for answers, or null for as long as it takes.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Further clients that are asked each round, as a share of those wanted, so that a few stragglers do not matter.</summary>
    public double Oversample { get; init; }

    /// <summary>The fewest answers of a round; with fewer the weights stay.</summary>
    public int MinimumAnswers { get; init; } = 1;

    /// <summary>What becomes of late answers.</summary>
    public LateAnswers Late { get; init; } = LateAnswers.Discard;

    /// <summary>The folder of the checkpoint, written after every round, or null; a run that finds its own there goes on.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>Hears of every round.</summary>
    public Action<FederatedRound>? Record { get; init; }

    /// <summary>Hears of warnings.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>The clock of deadlines; the system's by default.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Rounds);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LocalEpochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MinimumAnswers);
        ArgumentOutOfRangeException.ThrowIfNegative(Oversample);
        ArgumentNullException.ThrowIfNull(Optimizer);
        if (Fraction is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(Fraction), Fraction, "a share above 0, at most 1, was expected");
        if (RateDecay is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(RateDecay), RateDecay, "a factor above 0, at most 1, was expected");
        if (Deadline <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(Deadline), Deadline, "a positive time was expected");
    }
}

/// <summary>One round.</summary>
/// <param name="Round">The round, from 1; 0 is what came before the first (exploration).</param>
/// <param name="Asked">Clients asked.</param>
/// <param name="Answered">Answers used, late ones included.</param>
/// <param name="Failed">Clients that gave no answer.</param>
/// <param name="NonFinite">Answers thrown away because they were not finite.</param>
/// <param name="Late">Answers that missed the round.</param>
/// <param name="Accuracy">The global model's accuracy on the test data after the round; NaN without.</param>
/// <param name="Loss">Its mean loss there.</param>
/// <param name="TrainLoss">The clients' mean training loss.</param>
/// <param name="Drift">The mean distance of the clients' weights to their average.</param>
/// <param name="BytesUp">Bytes from clients to server, so far.</param>
/// <param name="BytesDown">Bytes from server to clients, so far.</param>
public sealed record FederatedRound(
    int Round, int Asked, int Answered, int Failed, int NonFinite, int Late, double Accuracy, double Loss, double TrainLoss, double Drift, long BytesUp, long BytesDown);

/// <summary>What a federation ended with.</summary>
/// <param name="Model">The global model, in evaluation mode.</param>
/// <param name="Rounds">All rounds.</param>
/// <param name="Guidance">FedLEx's matrix of the last round, or null.</param>
/// <param name="Warnings">What went wrong, each sort once.</param>
/// <param name="ResumedFrom">The round that it went on from, or 0.</param>
public sealed record FederatedResult(nn.Module<Tensor, Tensor> Model, ImmutableArray<FederatedRound> Rounds, GuidanceMatrix? Guidance, ImmutableArray<string> Warnings, int ResumedFrom) : IDisposable
{
    /// <summary>The first round whose accuracy reaches a target, or null.</summary>
    public int? RoundsTo(double accuracy) => Rounds.FirstOrDefault(r => r.Accuracy >= accuracy)?.Round;

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
