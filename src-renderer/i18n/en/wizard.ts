export const wizard = {
};
