using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>A module that draws random numbers in its forward pass. The trainer reseeds it at every step, so that a resumed or a parallel run draws the same.</summary>
public interface ISeededModule
{
    /// <summary>Restarts the module's random numbers.</summary>
    void Reseed(long seed);
}

/// <summary>Dropout whose mask comes from its own generator: in training each number is zeroed with probability p and the rest divided by 1 − p.</summary>
public sealed class SeededDropout : nn.Module<Tensor, Tensor>, ISeededModule
{
    private readonly double probability;
    private Generator generator = new(0, CPU);

    /// <summary>Creates the module.</summary>
    /// <param name="probability">The probability p of zeroing, 0 to below 1.</param>
    public SeededDropout(double probability) : base(nameof(SeededDropout))
    {
        if (probability is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "0 to below 1 was expected");
        this.probability = probability;
    }

    /// <inheritdoc/>
    public void Reseed(long seed)
    {
        generator.Dispose();
        generator = new Generator((ulong)seed, CPU);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (!training || probability == 0)
            return input.alias();
        using var scope = NewDisposeScope();
        var keep = rand(input.shape, generator: generator).ge(probability).to(input.device); // mask of the input's shape
        return input.mul(keep).div(1 - probability).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            generator.Dispose();
        base.Dispose(disposing);
    }
}
