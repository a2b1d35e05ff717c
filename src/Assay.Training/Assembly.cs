using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Assay.Training.Tests")]
