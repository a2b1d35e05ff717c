namespace Assay.Training;

/// <summary>What a guidance matrix scales.</summary>
public enum GuidanceTarget
{
    /// <summary>The gradient, before clipping and the optimiser (the paper's). An adaptive optimiser undoes a constant factor: use it with SGD.</summary>
    Gradient,
    /// <summary>The optimiser's step: for Adam and its like.</summary>
    Update,
}

/// <summary>What the server asks of a client: numbers only, so that it can travel to another machine.</summary>
public sealed record ClientRequest
{
    /// <summary>The round, from 1; 0 for exploration.</summary>
    public required int Round { get; init; }

    /// <summary>Decides the order of the client's examples.</summary>
    public required long Seed { get; init; }

    /// <summary>The global weights.</summary>
    public required float[] Weights { get; init; }

    /// <summary>The global running statistics.</summary>
    public float[] Buffers { get; init; } = [];

    /// <summary>E: the passes over the client's data.</summary>
    public required int Epochs { get; init; }

    /// <summary>The examples of one step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The update rule, at this round's learning rate.</summary>
    public required OptimizerSpec Optimizer { get; init; }

    /// <summary>The norm to clip gradients to, or null.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>μ of the proximal term μ/2·‖w − w_t‖²; 0 for none.</summary>
    public double Proximal { get; init; }

    /// <summary>A vector that is added to every gradient (SCAFFOLD's c − c_i), or null.</summary>
    public float[]? Correction { get; init; }

    /// <summary>A factor for each weight (FedLEx's G), or null.</summary>
    public float[]? Guidance { get; init; }

    /// <summary>What the guidance scales.</summary>
    public GuidanceTarget ApplyTo { get; init; }

    /// <summary>Epochs whose last batch's loss has not improved, after which the client stops; 0 for never.</summary>
    public int Patience { get; init; }
}

/// <summary>What a client answers.</summary>
public sealed record ClientUpdate
{
    /// <summary>The client's number.</summary>
    public required int Client { get; init; }

    /// <summary>n_k: the examples that it trained on.</summary>
    public required int Examples { get; init; }

    /// <summary>Its weights less those it was sent.</summary>
    public required float[] Delta { get; init; }

    /// <summary>Its running statistics.</summary>
    public float[] Buffers { get; init; } = [];

    /// <summary>The optimiser steps that it made.</summary>
    public required int Steps { get; init; }

    /// <summary>Its last mean training loss.</summary>
    public double Loss { get; init; } = double.NaN;

    /// <summary>How many rounds later the answer arrives; more than 0 only in simulations.</summary>
    public int RoundsLate { get; init; }
}

/// <summary>
/// A client of federated training, here or on another machine: it trains on its own data when it is asked, keeps nothing between two
/// requests, and may fail, answer late or answer nonsense.
/// </summary>
public interface IFederatedClient
{
    /// <summary>n_k: the number of its examples, 0 for one without data.</summary>
    int Examples { get; }

    /// <summary>Trains from the weights of the request.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<ClientUpdate> TrainAsync(ClientRequest request, CancellationToken cancellation);
}
